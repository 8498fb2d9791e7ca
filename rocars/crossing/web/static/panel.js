// After a press the panel is there for the next vehicle again.
"use strict";

const AGAIN_MS = 15000;
if (document.body.dataset.told) {
  setTimeout(() => window.location.replace(document.body.dataset.here), AGAIN_MS);
}
