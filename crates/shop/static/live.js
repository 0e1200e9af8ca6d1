// Keeps an order's page true: when the order changes, its live parts are fetched anew, and when the
// way to pay is known, the customer is taken there.
"use strict";

const standing = () => document.getElementById("standing");
const { order, revision } = standing().dataset;

function goOn() {
  if ("continue" in standing().dataset) {
    location.assign(`${order}/pay`);
  }
}

async function refresh() {
  const answer = await fetch(order);
  if (!answer.ok) {
    return;
  }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const open = Array.from(document.querySelectorAll("details[open]"), (it) => it.id);
  const typing = document.activeElement?.closest("form");
  for (const part of document.querySelectorAll("[data-live]")) {
    // What somebody is typing stays.
    if (!typing || !part.contains(typing)) {
      part.replaceWith(fresh.getElementById(part.id));
    }
  }
  for (const id of open) {
    document.getElementById(id).open = true;
  }
  document.title = fresh.title;
  goOn();
}

goOn();
new EventSource(`${order}/events?after=${revision}`).onmessage = refresh;
