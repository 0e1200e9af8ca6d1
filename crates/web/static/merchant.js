// EPayWidget: shows Payment Page in a merchant's page, over it or in an element of it.
// No dependencies, no inline styles or scripts: a page needs to allow only this host in script-src,
// style-src and frame-src.
"use strict";

/**
 * What the merchant's page passes: the signed parameters of Payment Page, and callbacks.
 * @typedef {Record<string, unknown> & {
 *   target_element?: string, css_modal_wrap?: string, close_on_missclick?: boolean | number | string,
 *   redirect?: boolean | number | string, redirect_on_mobile?: boolean | number | string,
 *   frame_mode?: string, baseUrl?: string, baseurl?: string,
 *   onLoaded?: () => void, onExit?: () => void, onDestroy?: () => void,
 *   onResize?: (size: {width: number, height: number}) => void,
 *   onPaymentSuccess?: (data: PaymentData) => void, onPaymentFail?: (data: PaymentData) => void,
 *   onPaymentSent?: (data: PaymentData) => void, onEnterKeyPressed?: () => void,
 *   onEmbeddedModeCheckValidationResponse?: (errors: Record<string, string>) => void
 * }} Config
 * @typedef {{payment: {id: string, status?: string}, redirect_url?: string | null}} PaymentData
 * @typedef {{sendPostMessage(message: object): void, trySubmit(): void, close(): void}} Instance
 * @typedef {{buildUrl(): string, setEncryptedURL(path: string): Builder, run(method?: string): Instance | null}} Builder
 */

const EPayWidget = (() => {
  /** Where this script comes from, and so where Payment Page is. */
  const HOME = (() => {
    const src = /** @type {HTMLScriptElement | null} */ (document.currentScript)?.src;
    return new URL("..", src || location.href).href.replace(/\/$/, "");
  })();

  /** How long the page may take to appear before a plain link to it is offered. */
  const PATIENCE_MS = 8000;

  /** @param {unknown} flag */
  const isOn = (flag) => ["1", "true", "True"].includes(String(flag));

  /** An address of HTTP, or nothing. @param {unknown} text */
  const address = (text) => {
    try {
      const url = new URL(String(text));
      return /^https?:$/.test(url.protocol) ? url : null;
    } catch {
      return null;
    }
  };

  /** The base address of Payment Page. @param {Config} config */
  const base = (config) =>
    (address(config.baseUrl ?? config.baseurl)?.href ?? HOME).replace(/\/(payment\/?)?$/, "");

  /**
   * The parameters to send: everything but callbacks, and what stands outside the signature.
   * @param {Config} config @param {string} frameMode
   */
  const parameters = (config, frameMode) => {
    const pairs = Object.entries(config)
      .filter(([, value]) => value != null && typeof value !== "function")
      .filter(([name]) => name !== "frame_mode")
      .map(([name, value]) => [name, String(value)]);
    if (frameMode) pairs.push(["frame_mode", frameMode]);
    if (!("_referrer" in config)) pairs.push(["_referrer", location.origin]);
    return pairs;
  };

  /** @param {Config} config @param {string} frameMode */
  const link = (config, frameMode) =>
    `${base(config)}/payment?${new URLSearchParams(parameters(config, frameMode))}`;

  /**
   * Opens the page in a window or frame: long parameters, and those not for the history, by POST.
   * @param {Config} config @param {string} frameMode @param {string} target @param {string} method
   */
  const send = (config, frameMode, target, method) => {
    const form = document.createElement("form");
    form.action = `${base(config)}/payment`;
    form.method = method;
    form.target = target;
    form.hidden = true;
    for (const [name, value] of parameters(config, frameMode)) {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      form.append(input);
    }
    document.body.append(form);
    form.submit();
    form.remove();
  };

  let frames = 0;

  /** A frame for the page. @param {string} className */
  const newFrame = (className) => {
    const frame = document.createElement("iframe");
    frame.name = `epay-frame-${(frames += 1)}`;
    frame.className = className;
    frame.title = "Payment";
    frame.allow = "payment";
    return frame;
  };

  /**
   * Runs the conversation with the page in a frame. Only messages from that very frame and from
   * the page's own origin count, and only that origin is told anything.
   * @param {Config} config @param {HTMLIFrameElement} frame
   * @param {{loaded(): void, exit(): void, resize(size: {width: number, height: number}): void}} place
   */
  const converse = (config, frame, place) => {
    const { origin } = new URL(base(config));
    /** @param {string} name @param {...unknown} args */
    const call = (name, ...args) => {
      const callback = config[name];
      if (typeof callback === "function") callback(...args);
    };
    /** @param {PaymentData} data @param {string} callback */
    const ended = (callback, data) => {
      call(callback, data);
      const next = address(data?.redirect_url);
      if (next) location.assign(next.href);
    };
    let loaded = false;
    /** @type {Record<string, (data: any) => void>} */
    const heard = {
      // The frame loads a page for each step; the shop wants to know about the first.
      loaded: () => {
        if (loaded) return;
        loaded = true;
        place.loaded();
        call("onLoaded");
      },
      exit: () => place.exit(),
      escape: () => place.exit(),
      resize: (size) => (place.resize(size), call("onResize", size)),
      enter: () => call("onEnterKeyPressed"),
      "payment.sent": (data) => call("onPaymentSent", data),
      "payment.success": (data) => ended("onPaymentSuccess", data),
      "payment.fail": (data) => ended("onPaymentFail", data),
      "embedded_mode.valid": () => call("onEmbeddedModeCheckValidationResponse", {}),
    };
    /** @param {object} message */
    const say = (message) => frame.contentWindow?.postMessage(JSON.stringify(message), origin);

    /** @param {MessageEvent} event */
    const listen = (event) => {
      let said;
      try {
        said = JSON.parse(event.data);
      } catch {
        return;
      }
      const name = String(said?.message ?? "");
      if (!name.startsWith("epframe.")) return;
      if (event.source === frame.contentWindow && event.origin === origin) {
        const kind = name.slice("epframe.".length);
        if (Object.hasOwn(heard, kind)) heard[kind](said.data ?? {});
      } else if (event.source === window && event.origin === location.origin) {
        // Shop plug-ins post what they have to say to the page to their own window.
        if (said.from_another_domain && name.startsWith("epframe.embedded_mode.")) say(said);
      }
    };
    window.addEventListener("message", listen);
    return { call, say, stop: () => window.removeEventListener("message", listen) };
  };

  /** @param {(message: object) => void} say @param {() => void} close @returns {Instance} */
  const instance = (say, close) => ({
    sendPostMessage: say,
    trySubmit: () => say({ message: "epframe.embedded_mode.submit", from_another_domain: true }),
    close,
  });

  /** The page in an element. @param {Config} config @param {string} method @param {string} mode */
  const inElement = (config, method, mode) => {
    const id = String(config.target_element);
    const element = document.getElementById(id);
    if (!element) throw new Error(`EPayWidget: there is no element with the id "${id}"`);
    const frame = newFrame("epay-embedded");
    element.replaceChildren(frame);
    const destroy = () => {
      talk.stop();
      frame.remove();
      talk.call("onDestroy");
    };
    const talk = converse(config, frame, {
      loaded: () => {},
      // Escape is nothing to a page in an element, the button to the shop is.
      exit: () => talk.call("onExit"),
      resize: ({ height }) => {
        if (Number.isFinite(height)) frame.height = String(Math.min(Math.max(height, 120), 4000));
      },
    });
    send(config, mode, frame.name, method);
    return instance(talk.say, destroy);
  };

  /** The page over the merchant's. @param {Config} config @param {string} method */
  const inModal = (config, method) => {
    const dialog = document.createElement("dialog");
    dialog.className = "epay-modal";
    const wrap = String(config.css_modal_wrap ?? "").split(/\s+/).filter(Boolean);
    dialog.classList.add(...wrap);
    dialog.setAttribute("aria-label", "Payment");
    const frame = newFrame("epay-frame");
    const closing = document.createElement("button");
    closing.type = "button";
    closing.className = "epay-close";
    closing.setAttribute("aria-label", "Close");
    const waiting = document.createElement("p");
    waiting.className = "epay-waiting";
    waiting.setAttribute("role", "status");
    dialog.append(closing, waiting, frame);
    document.body.append(dialog);

    const opener = document.activeElement;
    const patience = setTimeout(() => {
      const plain = document.createElement("a");
      plain.href = link(config, "");
      plain.textContent = "Open the payment page";
      waiting.replaceChildren(plain);
    }, PATIENCE_MS);

    // One step of the history is ours while the page is shown, so that "back" closes it.
    const step = { epay: frame.name };
    history.pushState(step, "");
    let open = true;

    /** Takes the page away. @param {boolean} stepBack */
    const close = (stepBack) => {
      if (!open) return;
      open = false;
      clearTimeout(patience);
      talk.stop();
      window.removeEventListener("popstate", onBack);
      if (stepBack && history.state?.epay === frame.name) history.back();
      document.documentElement.classList.remove("epay-open");
      dialog.close();
      dialog.remove();
      if (opener instanceof HTMLElement) opener.focus();
      talk.call("onExit");
      talk.call("onDestroy");
    };
    const onBack = () => close(false);
    const talk = converse(config, frame, {
      loaded: () => {
        clearTimeout(patience);
        waiting.remove();
        dialog.classList.add("epay-loaded");
      },
      exit: () => close(true),
      resize: () => {},
    });

    window.addEventListener("popstate", onBack);
    closing.addEventListener("click", () => close(true));
    // Escape: the browser asks the dialog to go.
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(true);
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog && isOn(config.close_on_missclick)) close(true);
    });
    document.documentElement.classList.add("epay-open");
    dialog.showModal();
    send(config, "popup", frame.name, method);
    return instance(talk.say, () => close(true));
  };

  /** The page in a tab of its own, or instead of this page where no tab may open. */
  const inTab = (/** @type {Config} */ config, /** @type {string} */ method) => {
    const name = `epay-tab-${Date.now()}`;
    const tab = window.open("", name);
    send(config, "", tab ? name : "_self", method);
    return null;
  };

  /**
   * Opens Payment Page.
   * @param {Config} config @param {string} [method] GET (the default) or POST
   * @returns {Instance | null}
   */
  const run = (config, method = "GET") => {
    const verb = String(method).toUpperCase() === "POST" ? "POST" : "GET";
    const phone = matchMedia("(pointer: coarse) and (max-width: 50rem)").matches;
    if (isOn(config.redirect) || (phone && isOn(config.redirect_on_mobile))) {
      return inTab(config, verb);
    }
    if (config.target_element) return inElement(config, verb, "iframe");
    return inModal(config, verb);
  };

  /**
   * Opens the page in an element, for shops that have a pay button of their own: `trySubmit()`
   * moves the customer to the page's button, because a wallet opens in a tab that only a press
   * there may open.
   * @param {Config} config @param {string} [method]
   */
  const runEmbedded = (config, method = "POST") => inElement(config, method, "embedded");

  /** @param {Config} config @returns {Builder} */
  const create = (config) => {
    const builder = {
      buildUrl: () => link(config, ""),
      setEncryptedURL: () => {
        throw new Error("EPayWidget: encrypted addresses are not supported; pass the parameters");
      },
      run: (/** @type {string} */ method) => run(config, method),
    };
    return builder;
  };

  return Object.freeze({ run, runEmbedded, create });
})();
window.EPayWidget = EPayWidget;
