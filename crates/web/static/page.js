// Payment Page: live progress, the hand-over to Paytm, the countdowns, and messages to the
// merchant's page around a frame. Everything works without it, only less smoothly.
"use strict";
(() => {
  const { page, stage, attempt, final, returned, framed, ancestors, payment, self, unknown, onward } =
    document.body.dataset;
  const inFrame = framed === "1" && window.parent !== window;

  /** The origins that may frame this page, as the server said; nobody else is told anything. */
  const listeners = (ancestors ?? "").split(" ").filter(Boolean);

  /** Tells the page around the frame. */
  const tell = (name, data = {}) => {
    if (!inFrame) return;
    const message = JSON.stringify({ message: `epframe.${name}`, data });
    const known = location.ancestorOrigins?.[0];
    const targets = known ? listeners.filter((origin) => origin === known) : listeners;
    for (const origin of targets) window.parent.postMessage(message, origin);
  };

  /** Reloads the page once there is an answer: a proxy's error page would never go away again. */
  const reloadWhenServed = (wait = 5000) => {
    setTimeout(async () => {
      const asked = fetch(location.href, { method: "HEAD", redirect: "manual" });
      const served = await asked.then(({ ok, type }) => ok || type === "opaqueredirect", () => false);
      if (served) location.reload();
      else reloadWhenServed(Math.min(wait * 2, 60_000));
    }, wait);
  };

  /** Calls `changed` with the payment's stage and attempt whenever the server sees new ones. */
  const follow = (changed) => {
    const source = new EventSource(`${self}/events`);
    source.addEventListener("stage", (event) => changed(...event.data.split(" "), source));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) reloadWhenServed();
    });
    window.addEventListener("pagehide", () => source.close());
  };

  /** What a frame shows by itself while its customer is in the tab that it opened. */
  const RESULTS = ["paid", "refunded", "declined", "retry"];

  /** The form that starts the payment. In a frame it opens a tab, and the frame stays to follow. */
  const offer = () => {
    const form = document.querySelector("form.confirm");
    const button = form.querySelector("button");
    let following = false;
    form.addEventListener("submit", () => {
      if (!inFrame) {
        setTimeout(() => {
          button.disabled = true;
          button.setAttribute("aria-busy", "true");
        });
        return;
      }
      document.querySelector(".following").hidden = false;
      if (following) return;
      following = true;
      let sent = false;
      follow((now, _attempt, source) => {
        if (now === "absent") return;
        if (!sent) tell("payment.sent", { payment: { id: payment } });
        sent = true;
        for (const told of form.querySelectorAll("fieldset, .hint")) told.hidden = true;
        if (!RESULTS.includes(now)) return;
        source.close();
        location.replace(`${self}?in=frame`);
      });
    });
    window.addEventListener("pageshow", () => {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    });
  };

  const key = (what) => `dwar:${self}:${attempt}:${what}`;

  /** Notes in this tab that something was done for the attempt; false where nothing is kept. */
  const note = (what) => {
    try {
      sessionStorage.setItem(key(what), "1");
      return true;
    } catch {
      return false;
    }
  };

  const isNoted = (what) => {
    try {
      return sessionStorage.getItem(key(what)) !== null;
    } catch {
      return false;
    }
  };

  /** Sends the customer to Paytm, once for each tab and attempt: who goes back stays. */
  const handOver = () => {
    const form = document.querySelector("form[data-auto]");
    // Without storage the customer presses the button.
    if (form && !isNoted("handed over") && note("handed over")) form.submit();
  };

  /** Counts down to the limit time. */
  const countToLimit = () => {
    const timer = document.querySelector("[role=timer]");
    if (!timer) return;
    const end = performance.now() + Number(timer.dataset.seconds) * 1000;
    const show = () => {
      const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      const seconds = String(left % 60).padStart(2, "0");
      timer.textContent = `${Math.floor(left / 60)}:${seconds}`;
      return left;
    };
    show();
    const counting = setInterval(() => {
      if (show() > 0) return;
      clearInterval(counting);
      // No new attempt can begin any more; the limit itself is told by the server.
      if (stage === "retry") location.reload();
    }, 1000);
  };

  /** Leads to the shop after some seconds, unless the customer wants to stay. */
  const countToShop = () => {
    const link = document.querySelector("a[data-countdown]");
    if (!link) return;
    const hint = document.querySelector(".countdown");
    let left = Number(link.dataset.countdown);
    const text = () => hint.dataset.text.replace("{seconds}", String(left));
    const show = () => {
      hint.querySelector("span").textContent = text();
    };
    show();
    hint.hidden = false;
    // Read out once, not every second.
    document.querySelector(".unseen").textContent = text();
    const counting = setInterval(() => {
      left -= 1;
      show();
      if (left > 0) return;
      clearInterval(counting);
      leave(link.href);
    }, 1000);
    document.querySelector("[data-stay]").addEventListener("click", () => {
      clearInterval(counting);
      hint.hidden = true;
    });
  };

  const progress = () => {
    // In a frame nothing is announced by itself when one page follows another.
    if (inFrame && document.hasFocus()) {
      const told = document.querySelector("h1");
      told.tabIndex = -1;
      told.focus();
    }
    if (final === "1") {
      const data = { payment: { id: payment, status: stage }, redirect_url: onward ?? null };
      if (stage === "paid") tell("payment.success", data);
      if (stage === "declined") tell("payment.fail", data);
      if (inFrame && isNoted("left")) document.querySelector("[data-exit]")?.click();
      else countToShop();
      return;
    }
    handOver();
    countToLimit();
    // Who has said once that they go back to the shop need not say it again.
    document.querySelector("form.leave")?.addEventListener("submit", () => note("left"));
    if (unknown && returned === "1") setTimeout(() => location.replace(unknown), 5000);
    follow((now, latest, source) => {
      if (now === stage && latest === attempt) return;
      source.close();
      location.reload();
    });
  };

  /** Goes on to an address of the shop. The page around a frame closes the frame first. */
  const leave = (address) => {
    if (!inFrame) {
      location.assign(address);
      return;
    }
    tell("exit", { redirect_url: address });
    // Nobody heard it: whoever framed this page did so without the widget.
    setTimeout(() => window.open(address, "_top"), 1000);
  };

  /** What the page around a frame needs: our size, Escape, and the wish to leave. */
  const live = () => {
    const size = () => {
      const { width, height } = document.querySelector(".sheet").getBoundingClientRect();
      tell("resize", { width: Math.ceil(width), height: Math.ceil(height) });
    };
    new ResizeObserver(size).observe(document.querySelector(".sheet"));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") tell("escape");
      if (event.key === "Enter") tell("enter");
    });
    for (const exit of document.querySelectorAll("[data-exit]")) {
      exit.hidden = false;
      exit.addEventListener("click", (event) => {
        event.preventDefault();
        if (exit.href) leave(exit.href);
        else tell("exit");
      });
    }
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || !listeners.includes(event.origin)) return;
      let asked;
      try {
        const said = typeof event.data === "string" ? JSON.parse(event.data) : event.data;
        asked = said.message;
      } catch {
        return;
      }
      if (asked === "epframe.embedded_mode.check_validation") tell("embedded_mode.valid");
      if (asked === "epframe.embedded_mode.submit") document.querySelector(".primary")?.focus();
    });
    tell("loaded");
  };

  if (inFrame) live();
  if (page === "open") {
    offer();
    countToLimit();
  }
  if (page === "progress") progress();
})();
