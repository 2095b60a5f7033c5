// Live pages follow the theme of the site, which the reader can change at any time.
function follow() {
  const theme = document.body.dataset.theme === "auto" ? "" : document.body.dataset.theme ?? "";
  for (const frame of document.querySelectorAll(".live iframe")) {
    const source = frame.getAttribute("src").split("#")[0];
    frame.src = theme ? `${source}#theme=${theme}` : source;
  }
}
document.addEventListener("DOMContentLoaded", () => {
  if (!document.querySelector(".live iframe")) return;
  follow();
  new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-theme"] });
});
