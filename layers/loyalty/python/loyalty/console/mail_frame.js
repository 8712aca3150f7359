// @ts-check
// Shows the mail that the console sends to this page, and tells the console how high it is.
//
// The policy of the page lets a mail have styles, but no scripts; links lead nowhere.

addEventListener("message", ({ source, data }) => {
  if (source !== parent || typeof data?.html !== "string") return;
  const mail = new DOMParser().parseFromString(data.html, "text/html");
  document.documentElement.replaceWith(document.adoptNode(mail.documentElement));
  tellHeight();
});
addEventListener("resize", tellHeight);
// Pictures change the height when they arrive.
addEventListener("load", tellHeight, { capture: true });
addEventListener("click", (event) => event.preventDefault());

function tellHeight() {
  // The origin of the console is not known here, and a height is no secret.
  parent.postMessage({ height: document.documentElement.scrollHeight }, "*");
}
