// Pixel values by route, kept for the next look. All images of one artefact have one header.
const MOST_KEPT = 256

async function fetched(address, read) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(address)
  return read(answer)
}

function headerOf(viewer, address) {
  const artefact = address.slice(0, address.lastIndexOf("/"))
  if (!viewer.headers.has(artefact)) {
    const header = fetched(`${address}.json`, (answer) => answer.json())
    header.catch(() => viewer.headers.delete(artefact))
    viewer.headers.set(artefact, header)
  }
  return viewer.headers.get(artefact)
}

// a promise of the image, and, once it is here, the image itself in `viewer.loaded`
function imageAt(viewer, address) {
  const kept = viewer.images.get(address)
  if (kept) {
    viewer.images.delete(address) // the newest stands last
    viewer.images.set(address, kept)
    return kept
  }
  const image = readImage(viewer, address)
  image.then((ready) => viewer.loaded.set(address, ready)).catch(() => viewer.images.delete(address))
  viewer.images.set(address, image)
  if (viewer.images.size > MOST_KEPT) {
    const oldest = viewer.images.keys().next().value
    viewer.images.delete(oldest)
    viewer.loaded.delete(oldest)
  }
  return image
}

async function readImage(viewer, address) {
  const bytes = fetched(`${address}.bin`, (answer) => answer.arrayBuffer())
  const [header, body] = await Promise.all([headerOf(viewer, address), bytes])
  const values = header.type === "int16" ? new Int16Array(body) : new Float32Array(body)
  return inUnit({ ...header, values }, viewer.request.unit, viewer.request.scale)
}

// Images whose unit the server does not know come in [-1, 1] of the cohort's range.
function inUnit(image, unit, [low, high]) {
  if (image.unit === unit) return image
  const slope = (high - low) / (image.high - image.low)
  const values = Float32Array.from(image.values, (value) => low + (value - image.low) * slope)
  return { ...image, values, low, high, unit }
}

function sampledValues(image) {
  const step = Math.max(1, Math.floor(image.values.length / 4096))
  return Array.from(image.values.filter((_, index) => index % step === 0))
}
