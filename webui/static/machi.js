// What the pages do better with scripts. Every page works without them.

// Japanese input: the Enter that ends a composition chooses a word and must never send the form. Browsers differ in
// whether that key press still counts as composing (Safari ends the composition first and reports key code 229).
let composing = false;
let ended = 0;
document.addEventListener("compositionstart", () => { composing = true; });
document.addEventListener("compositionend", (event) => { composing = false; ended = event.timeStamp; });
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
  const justEnded = event.timeStamp - ended < 50;
  if (event.isComposing || event.keyCode === 229 || composing || justEnded) event.preventDefault();
}, true);

// A form that is on its way is not sent a second time by an impatient tap; coming back with the Back button frees it.
// One that leads out of the browser (data-again) stays on screen and may be sent again.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  else if (form.method === "post" && !("again" in form.dataset)) form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// すぐ隠す: leave no step back to this page. Escape three times does the same.
const hide = document.querySelector("[data-hide-now]");
let escapes = [];
const leave = () => location.replace(hide.href);
hide?.addEventListener("click", (event) => { event.preventDefault(); leave(); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || !hide) return;
  escapes = [...escapes.filter((time) => event.timeStamp - time < 1500), event.timeStamp];
  if (escapes.length >= 3) leave();
});
