// A button at every line of shell that copies it.
for (const line of document.querySelectorAll("pre.curl")) {
  const button = document.createElement("button");
  const tell = (word) => {
    button.textContent = word;
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", () => {
    const code = line.querySelector("code");
    if (!navigator.clipboard) { // browsers offer it to localhost and HTTPS only
      getSelection().selectAllChildren(code);
      tell("Selected");
      return;
    }
    navigator.clipboard.writeText(code.textContent).then(() => tell("Copied"), () => tell("Failed"));
  });
  line.append(button);
}
