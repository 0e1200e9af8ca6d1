// Takes the customer on without a click; the button is there for when this does not run.
document.forms[0].submit();
