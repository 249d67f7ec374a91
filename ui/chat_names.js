// Says to screen readers what Gradio's chat leaves out: what the examples are, and whether details are open.
function nameChat() {
  const examples = document.querySelector("#chat .examples[role=list]");
  if (examples) {
    examples.setAttribute("role", "group");
    examples.setAttribute("aria-label", "Example questions");
  }
  for (const title of document.querySelectorAll("#chat .thought-group > [role=button]"))
    title.setAttribute("aria-expanded", String(title.classList.contains("expanded")));
}

// The chat comes and goes within its column.
new MutationObserver(nameChat).observe(element.closest("#left"), { childList: true, subtree: true, attributeFilter: ["class"] });
nameChat();
