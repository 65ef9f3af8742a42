"use strict";
// A file that is dropped anywhere on the form is chosen; what is sent shows how far it is.
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const over = event.target.closest?.("#upload");
    document.getElementById("upload")?.classList.toggle("over", kind === "dragover" && Boolean(over));
    if (!over) return;
    event.preventDefault();
    if (kind === "drop" && event.dataTransfer.files.length) {
      document.getElementById("file").files = event.dataTransfer.files;
    }
  });
}
// What is too large is said before half an hour is spent on sending it.
document.addEventListener("htmx:beforeRequest", (event) => {
  const { most, tooLarge } = event.target.dataset ?? {};
  const file = event.target.id === "upload" ? document.getElementById("file").files[0] : undefined;
  if (!file || file.size <= Number(most)) return;
  event.preventDefault();
  document.getElementById("notice").textContent = tooLarge;
});
document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = document.getElementById("sent");
  if (!bar || !event.detail.lengthComputable) return;
  bar.hidden = false;
  bar.value = (100 * event.detail.loaded) / event.detail.total;
});
