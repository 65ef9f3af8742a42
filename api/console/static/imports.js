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
document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = document.getElementById("sent");
  if (!bar || !event.detail.lengthComputable) return;
  bar.hidden = false;
  bar.value = (100 * event.detail.loaded) / event.detail.total;
});
