// The answer to an app that wants it posted (response_mode=form_post): sent at once; without scripts, by the button.
document.querySelector("[data-post-back]")?.requestSubmit();
