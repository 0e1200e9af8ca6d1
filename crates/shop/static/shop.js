// Shows Payment Page without leaving the order: in the element that the signed parameters name as
// target_element, or else in a window over the page.
"use strict";

const { link } = document.getElementById("payment-page").dataset;
const parameters = Object.fromEntries(new URL(link).searchParams);
// Where the widget is missing this fails, and the button stays a plain link to Payment Page.
const show = () => EPayWidget.run(parameters);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-window]")) {
    show();
    event.preventDefault();
  }
});
if (parameters.target_element) {
  show();
} else if (location.hash === "#pay") {
  // Once: a customer who comes back to the order does not get the window again unasked.
  history.replaceState(null, "", location.pathname);
  show();
}
