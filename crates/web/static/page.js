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

  /** Calls `changed` with the payment's stage and attempt whenever the server sees new ones. */
  const follow = (changed) => {
    const source = new EventSource(`${self}/events`);
    source.addEventListener("stage", (event) => changed(...event.data.split(" "), source));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 5000);
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
      for (const told of form.querySelectorAll("fieldset, .hint")) told.hidden = true;
      tell("payment.sent", { payment: { id: payment } });
      if (following) return;
      following = true;
      follow((now, _attempt, source) => {
        if (!RESULTS.includes(now)) return;
        source.close();
        location.replace(self);
      });
    });
    window.addEventListener("pageshow", () => {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    });
  };

  /** Sends the customer to Paytm, once for each tab and attempt: who goes back stays. */
  const handOver = () => {
    const form = document.querySelector("form[data-auto]");
    if (!form) return;
    const key = `dwar:${self}:${attempt}`;
    let first = false;
    try {
      first = sessionStorage.getItem(key) === null;
      sessionStorage.setItem(key, "1");
    } catch {
      // Without storage the customer presses the button.
    }
    if (first) form.submit();
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

  /** Presses the button to the shop after some seconds, unless the customer wants to stay. */
  const countToShop = () => {
    const link = document.querySelector("a[data-countdown]");
    if (!link) return;
    const hint = document.querySelector(".countdown");
    let left = Number(link.dataset.countdown);
    const show = () => {
      hint.querySelector("span").textContent = link.dataset.text.replace("{seconds}", String(left));
    };
    show();
    hint.hidden = false;
    const counting = setInterval(() => {
      left -= 1;
      show();
      if (left > 0) return;
      clearInterval(counting);
      location.assign(link.href);
    }, 1000);
    document.querySelector("[data-stay]").addEventListener("click", () => {
      clearInterval(counting);
      hint.hidden = true;
    });
  };

  const progress = () => {
    if (final === "1") {
      const data = { payment: { id: payment, status: stage }, redirect_url: onward ?? null };
      if (stage === "paid") tell("payment.success", data);
      if (stage === "declined") tell("payment.fail", data);
      countToShop();
      return;
    }
    handOver();
    countToLimit();
    if (unknown && returned === "1") setTimeout(() => location.replace(unknown), 5000);
    follow((now, latest, source) => {
      if (now === stage && latest === attempt) return;
      source.close();
      location.reload();
    });
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
        if (exit.tagName === "BUTTON") event.preventDefault();
        tell("exit");
      });
    }
    window.addEventListener("message", (event) => {
      if (event.source !== window.parent || !listeners.includes(event.origin)) return;
      let asked;
      try {
        asked = JSON.parse(event.data).message;
      } catch {
        return;
      }
      if (asked === "epframe.embedded_mode.check_validation") tell("embedded_mode.valid");
      if (asked === "epframe.embedded_mode.submit") document.querySelector(".primary")?.focus();
    });
    tell("loaded");
  };

  if (inFrame) live();
  if (page === "open") offer();
  if (page === "progress") progress();
})();
