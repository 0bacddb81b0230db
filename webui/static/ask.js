// The あいことば is made here, in the asker's browser: 24 syllables out of 64 are 144 random bits.
const SYLLABLES = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをがぎぐげござじずぜぞだでどばびぶべぼん";

function phrase() {
  const numbers = crypto.getRandomValues(new Uint8Array(24));
  const made = Array.from(numbers, (number) => SYLLABLES[number % 64]);
  return [0, 6, 12, 18].map((start) => made.slice(start, start + 6).join("")).join("-");
}

// One form, one phrase: who comes back to the form because the answer did not arrive sends the same one again.
// It is remembered with this entry of the tab's history alone, never in storage.
const field = document.querySelector("input[name=phrase][data-make-phrase]");
if (field) {
  const form = field.form.elements.submission.value;
  const known = history.state?.form === form ? history.state.phrase : null;
  field.value = known ?? phrase();
  history.replaceState({ ...history.state, form, phrase: field.value }, "");
}
