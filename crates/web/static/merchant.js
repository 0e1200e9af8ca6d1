// EPayWidget: shows Payment Page in a merchant's page, over it or in an element of it.
// No dependencies, no inline styles or scripts: a page needs to allow only this host in script-src,
// style-src, frame-src and form-action.
"use strict";

/**
 * What the merchant's page passes: the signed parameters of Payment Page, and callbacks.
 * @typedef {Record<string, unknown> & {
 *   target_element?: string, css_modal_wrap?: string, close_on_missclick?: boolean | number | string,
 *   redirect?: boolean | number | string, redirect_on_mobile?: boolean | number | string,
 *   language_code?: string, frame_mode?: string, baseUrl?: string, baseurl?: string,
 *   onShowLoader?: () => void, onHideLoader?: () => void, onLoaded?: () => void,
 *   onExit?: () => void, onDestroy?: () => void,
 *   onResize?: (size: {width: number, height: number}) => void,
 *   onPaymentSuccess?: (data: PaymentData) => void, onPaymentFail?: (data: PaymentData) => void,
 *   onPaymentSent?: (data: PaymentData) => void, onEnterKeyPressed?: () => void,
 *   onEmbeddedModeCheckValidationResponse?: (errors: Record<string, string>) => void
 * }} Config
 * @typedef {{payment: {id: string, status?: string}, redirect_url?: string | null}} PaymentData
 * @typedef {{sendPostMessage(message: object | string): void, trySubmit(): void, close(): void}} Instance
 * @typedef {{buildUrl(): string, setEncryptedURL(path: string): Builder, run(method?: string): Instance}} Builder
 * @typedef {"GET" | "POST"} Method
 */

// A page may load this script twice, as by two plug-ins: the first one stays.
window.EPayWidget ??= (() => {
  /** Where this script comes from, and so where Payment Page is. */
  const HOME = (() => {
    const src = /** @type {HTMLScriptElement | null} */ (document.currentScript)?.src;
    return new URL("..", src || location.href).href.replace(/\/$/, "");
  })();

  /** How long the page may take to appear before a plain link to it is offered. */
  const PATIENCE_MS = 8000;

  /** A link up to this long is taken by every browser, proxy and server. */
  const LINK_CHARS_MAX = 2000;

  /** What the widget says itself, in the languages of Payment Page. */
  const WORDS = {
    bn: { payment: "পেমেন্ট", close: "বন্ধ করুন", open: "পেমেন্টের পেজ খুলুন" },
    en: { payment: "Payment", close: "Close", open: "Open the payment page" },
    hi: { payment: "भुगतान", close: "बंद करें", open: "भुगतान का पेज खोलें" },
    mr: { payment: "पेमेंट", close: "बंद करा", open: "पेमेंटचे पेज उघडा" },
    ru: { payment: "Оплата", close: "Закрыть", open: "Открыть страницу оплаты" },
    ta: { payment: "பேமெண்ட்", close: "மூடவும்", open: "பேமெண்ட் பக்கத்தைத் திறக்கவும்" },
    te: { payment: "చెల్లింపు", close: "మూసివేయండి", open: "చెల్లింపు పేజీని తెరవండి" },
  };

  /** The language asked for, or that of the merchant's page, or English. @param {Config} config */
  const languageOf = (config) =>
    [config.language_code, document.documentElement.lang]
      .map((tag) => String(tag).toLowerCase().split("-")[0])
      .find((code) => Object.hasOwn(WORDS, code)) ?? "en";

  /** @param {unknown} flag */
  const isOn = (flag) => ["1", "true", "True"].includes(String(flag));

  /** @param {unknown} method @returns {Method} */
  const methodOf = (method) => (String(method).toUpperCase() === "POST" ? "POST" : "GET");

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
   * Opens the page in a window or frame by POST: for long parameters, and those not for the history.
   * @param {Config} config @param {string} frameMode @param {string} target
   */
  const post = (config, frameMode, target) => {
    const form = document.createElement("form");
    form.action = `${base(config)}/payment`;
    form.method = "POST";
    form.target = target;
    form.hidden = true;
    const inputs = parameters(config, frameMode).map(([name, value]) => {
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = name;
      input.value = value;
      return input;
    });
    document.body.append(form);
    // From here on a parameter may hide a member of the form that has the same name.
    form.append(...inputs);
    HTMLFormElement.prototype.submit.call(form);
    document.body.removeChild(form);
  };

  let frames = 0;

  /** A frame for the page. @param {Config} config @param {string} className */
  const newFrame = (config, className) => {
    const frame = document.createElement("iframe");
    frame.name = `epay-frame-${(frames += 1)}`;
    frame.className = className;
    frame.lang = languageOf(config);
    frame.title = WORDS[frame.lang].payment;
    frame.allow = "payment";
    return frame;
  };

  /**
   * Loads the page into its frame.
   * @param {Config} config @param {string} mode @param {HTMLIFrameElement} frame @param {Method} method
   */
  const load = (config, mode, frame, method) => {
    if (method === "POST") post(config, mode, frame.name);
    else frame.src = link(config, mode);
  };

  /** What is offered where the page does not appear. @param {Config} config */
  const plainLink = (config) => {
    const plain = document.createElement("a");
    plain.href = link(config, "");
    plain.lang = languageOf(config);
    plain.textContent = WORDS[plain.lang].open;
    return plain;
  };

  /** The modal that is shown: one at a time. @type {{exit(): void, giveWay(): void} | null} */
  let modal = null;

  /** One step of the browser's history belongs to the modal, so that "back" closes it. */
  const step = (() => {
    /** How long the way back may take where the browser doesn't say that it was taken. */
    const BACK_MS = 500;

    /**
     * What waits for the way back: it would undo what navigates before it.
     * @type {(() => void)[]}
     */
    const afterwards = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let patience;

    const isTaken = () => Object.keys(history.state ?? {}).join() === "epayModal";
    const take = () => {
      if (!afterwards.length && !isTaken()) history.pushState({ epayModal: true }, "");
    };
    const back = () => {
      // A step within the frame, which is gone by now, would swallow history.back().
      if (window.navigation?.canGoBack) navigation.back();
      else history.back();
    };
    const returned = () => {
      clearTimeout(patience);
      for (const then of afterwards.splice(0)) then();
      if (modal) take();
    };
    /** Takes the step back, if it is still there. @param {() => void} then */
    const undo = (then) => {
      if (!isTaken()) {
        then();
      } else if (afterwards.push(then) === 1) {
        patience = setTimeout(returned, BACK_MS);
        back();
      }
    };

    window.addEventListener("popstate", () => {
      if (afterwards.length) returned();
      else modal?.exit();
    });
    // A page that was reloaded, or left, with a modal in it still has the step.
    window.addEventListener("load", () => {
      setTimeout(() => {
        if (!modal) undo(() => {});
      });
    });

    return {
      take,
      undo,
      /** Goes to an address, in place of the step. @param {URL} url */
      leave: (url) => {
        if (isTaken()) location.replace(url);
        else location.assign(url);
      },
    };
  })();

  /**
   * The page in its frame, from loading to end, and the conversation with it. Only messages from
   * that very frame and from the page's own origin count, and only that origin is told anything.
   * @param {Config} config @param {HTMLIFrameElement} frame
   * @param {{
   *   late(): void, loaded(): void, resize(size: {width: number, height: number}): void,
   *   exit(): void, escape(): void, remove(): void, undo(then: () => void): void
   * }} place
   */
  const converse = (config, frame, place) => {
    const { origin } = new URL(base(config));

    /**
     * Calls the merchant's callback, whose mistakes must not stop us.
     * @param {string} name @param {...unknown} args
     */
    const call = (name, ...args) => {
      try {
        if (typeof config[name] === "function") config[name](...args);
      } catch (error) {
        setTimeout(() => {
          throw error;
        });
      }
    };

    let loaded = false;
    let loaderShown = true;
    const hideLoader = () => {
      clearTimeout(patience);
      if (!loaderShown) return;
      loaderShown = false;
      call("onHideLoader");
    };
    const patience = setTimeout(() => {
      place.late();
      hideLoader();
    }, PATIENCE_MS);

    let over = false;
    /**
     * Takes the page away, once, and tells the merchant's page.
     * @param {string[]} callbacks @param {(then: () => void) => void} undo what was done to the history
     */
    const end = (callbacks, undo) => {
      if (over) return;
      over = true;
      window.removeEventListener("message", listen);
      place.remove();
      undo(() => {
        hideLoader();
        for (const name of callbacks) call(name);
      });
    };
    /** @param {() => void} then */
    const atOnce = (then) => then();
    const close = () => end(["onDestroy"], place.undo);

    /** @param {PaymentData} data @param {string} callback */
    const ended = (callback, data) => {
      call(callback, data);
      const next = address(data.redirect_url);
      if (next) step.leave(next);
    };
    /** @type {Record<string, (data: any) => void>} */
    const heard = {
      // The frame loads a page for each step; the shop wants to know about the first.
      loaded: () => {
        if (loaded) return;
        loaded = true;
        place.loaded();
        hideLoader();
        call("onLoaded");
      },
      exit: (data) => {
        const next = address(data.redirect_url);
        if (!next) return place.exit();
        end(["onExit", "onDestroy"], atOnce);
        step.leave(next);
      },
      escape: () => place.escape(),
      destroy: close,
      resize: (size) => (place.resize(size), call("onResize", size)),
      enter: () => call("onEnterKeyPressed"),
      "payment.sent": (data) => call("onPaymentSent", data),
      "payment.success": (data) => ended("onPaymentSuccess", data),
      "payment.fail": (data) => ended("onPaymentFail", data),
      "embedded_mode.valid": () => call("onEmbeddedModeCheckValidationResponse", {}),
    };
    /** @param {object | string} message */
    const say = (message) => {
      const text = typeof message === "string" ? message : JSON.stringify(message);
      frame.contentWindow?.postMessage(text, origin);
    };

    /** @param {MessageEvent} event */
    const listen = (event) => {
      let said;
      try {
        said = typeof event.data === "string" ? JSON.parse(event.data) : event.data;
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
    call("onShowLoader");
    return {
      call,
      /** The customer goes. */
      exit: () => end(["onExit", "onDestroy"], place.undo),
      /** Another page comes in the place of this one. */
      giveWay: () => end(["onDestroy"], atOnce),
      /** @type {Instance} */
      instance: {
        sendPostMessage: say,
        trySubmit: () => say({ message: "epframe.embedded_mode.submit", from_another_domain: true }),
        close,
      },
    };
  };

  /** Who has the page in which element. @type {WeakMap<Element, {giveWay(): void}>} */
  const tenants = new WeakMap();

  /**
   * The page in an element.
   * @param {Config} config @param {Method} method @param {string} mode @returns {Instance}
   */
  const inElement = (config, method, mode) => {
    const id = String(config.target_element);
    const element = document.getElementById(id);
    if (!element) throw new Error(`EPayWidget: there is no element with the id "${id}"`);
    tenants.get(element)?.giveWay();
    const frame = newFrame(config, "epay-embedded");
    const plain = plainLink(config);
    element.replaceChildren(frame);
    const tenant = converse(config, frame, {
      late: () => frame.before(plain),
      loaded: () => plain.remove(),
      resize: ({ height }) => {
        if (Number.isFinite(height)) frame.height = String(Math.min(Math.max(height, 120), 4000));
      },
      // Escape is nothing to a page in an element, the button to the shop is.
      exit: () => tenant.call("onExit"),
      escape: () => {},
      remove: () => {
        frame.remove();
        plain.remove();
      },
      undo: (then) => then(),
    });
    tenants.set(element, tenant);
    load(config, mode, frame, method);
    return tenant.instance;
  };

  /** The page over the merchant's. @param {Config} config @param {Method} method @returns {Instance} */
  const inModal = (config, method) => {
    modal?.giveWay();
    const dialog = document.createElement("dialog");
    dialog.className = "epay-modal";
    const wrap = String(config.css_modal_wrap ?? "").split(/\s+/).filter(Boolean);
    dialog.classList.add(...wrap);
    dialog.lang = languageOf(config);
    dialog.setAttribute("aria-label", WORDS[dialog.lang].payment);
    const frame = newFrame(config, "epay-frame");
    const closing = document.createElement("button");
    closing.type = "button";
    closing.className = "epay-close";
    closing.setAttribute("aria-label", WORDS[dialog.lang].close);
    const waiting = document.createElement("p");
    waiting.className = "epay-waiting";
    waiting.setAttribute("role", "status");
    dialog.append(closing, waiting, frame);
    document.body.append(dialog);

    const opener = document.activeElement;
    const shown = converse(config, frame, {
      late: () => waiting.replaceChildren(plainLink(config)),
      loaded: () => {
        waiting.remove();
        dialog.classList.add("epay-loaded");
      },
      resize: () => {},
      exit: () => shown.exit(),
      escape: () => shown.exit(),
      remove: () => {
        if (modal === shown) modal = null;
        document.documentElement.classList.remove("epay-open");
        dialog.close();
        dialog.remove();
        if (opener instanceof HTMLElement) opener.focus();
      },
      undo: step.undo,
    });
    modal = shown;

    closing.addEventListener("click", shown.exit);
    // Escape: the browser asks the dialog to go.
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      shown.exit();
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog && isOn(config.close_on_missclick)) shown.exit();
    });
    step.take();
    document.documentElement.classList.add("epay-open");
    dialog.showModal();
    load(config, "popup", frame, method);
    return shown.instance;
  };

  /**
   * The page in a tab of its own, or instead of this page where no tab may open. Nothing is heard
   * from there, and nothing can be said to it.
   * @param {Config} config @param {Method} method @returns {Instance}
   */
  const inTab = (config, method) => {
    const url = link(config, "");
    // A form is held to form-action even where the page leads on at once, as a payment that has
    // ended leads to the shop; a link is not.
    if (method === "GET" || url.length <= LINK_CHARS_MAX) {
      if (!window.open(url, "_blank")) location.assign(url);
    } else {
      const name = `epay-tab-${Date.now()}`;
      post(config, "", window.open("", name) ? name : "_self");
    }
    return { sendPostMessage: () => {}, trySubmit: () => {}, close: () => {} };
  };

  /**
   * Opens Payment Page.
   * @param {Config} config @param {string} [method] GET (the default) or POST
   * @returns {Instance}
   */
  const run = (config, method) => {
    const phone = matchMedia("(pointer: coarse) and (max-width: 50rem)").matches;
    if (isOn(config.redirect) || (phone && isOn(config.redirect_on_mobile))) {
      return inTab(config, methodOf(method));
    }
    if (config.target_element) return inElement(config, methodOf(method), "iframe");
    return inModal(config, methodOf(method));
  };

  /**
   * Opens the page in an element, for shops that have a pay button of their own: `trySubmit()`
   * moves the customer to the page's button, because a wallet opens in a tab that only a press
   * there may open.
   * @param {Config} config @param {string} [method]
   */
  const runEmbedded = (config, method = "POST") => {
    if (!config.target_element) {
      throw new Error("EPayWidget.runEmbedded: target_element is missing, the id of an element");
    }
    return inElement(config, methodOf(method), "embedded");
  };

  /** @param {Config} config @returns {Builder} */
  const create = (config) => ({
    buildUrl: () => link(config, ""),
    setEncryptedURL: () => {
      throw new Error("EPayWidget: encrypted addresses are not supported; pass the parameters");
    },
    run: (/** @type {string} */ method) => run(config, method),
  });

  return Object.freeze({ run, runEmbedded, create });
})();
