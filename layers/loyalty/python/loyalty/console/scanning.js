// @ts-check
// Reading a card or a voucher with the camera, where the browser has a barcode detector.

/** Whether this browser can scan. */
export function canScan() {
  return "BarcodeDetector" in globalThis && Boolean(navigator.mediaDevices);
}

/**
 * Show what the camera sees until it shows a code. Returns the code; null if the person closed it or
 * the camera may not be used.
 * @param {AbortSignal} signal
 * @returns {Promise<string | null>}
 */
export async function scan(signal) {
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { facingMode: "environment" } })
    .catch(() => null);
  if (!stream) return null;
  const { dialog, video } = scanner();
  video.srcObject = stream;
  const stop = () => dialog.close();
  signal.addEventListener("abort", stop, { once: true });
  dialog.showModal();
  try {
    await video.play();
    return await firstCode(video, dialog);
  } finally {
    signal.removeEventListener("abort", stop);
    for (const track of stream.getTracks()) track.stop();
    dialog.close();
    dialog.remove();
  }
}

/** @param {HTMLVideoElement} video @param {HTMLDialogElement} dialog @returns {Promise<string | null>} */
async function firstCode(video, dialog) {
  const detector = new /** @type {any} */ (globalThis).BarcodeDetector();
  while (dialog.open) {
    const [found] = await detector.detect(video).catch(() => []);
    if (found) return found.rawValue;
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  return null;
}

function scanner() {
  const dialog = document.createElement("dialog");
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
  const actions = Object.assign(document.createElement("form"), {
    method: "dialog",
    className: "actions",
  });
  const close = Object.assign(document.createElement("button"), { textContent: "Type it instead" });
  dialog.setAttribute("aria-label", "Hold the code in front of the camera");
  dialog.className = "scanner";
  actions.append(close);
  dialog.append(video, actions);
  document.body.append(dialog);
  return { dialog, video };
}
