// Shows Payment Page without leaving the order: in the element that the signed parameters name as
// target_element, or else in a window over the page.
"use strict";

const { link } = document.getElementById("payment-page").dataset;
const parameters = Object.fromEntries(new URL(link).searchParams);
const show = () => EPayWidget.run(parameters);

// Where the widget is missing this fails, and the button stays a plain link to Payment Page.
show();
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-window]")) {
    event.preventDefault();
    show();
  }
});
