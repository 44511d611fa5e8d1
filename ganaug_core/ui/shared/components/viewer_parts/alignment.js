// What the audit found: how the second image is laid on the first, and what is left when they are subtracted.

// Turn and flip of the first, then angle, scale and shift in 32nds of the width. What lies outside the second image is
// left as the first.
function aligned(first, second, movement) {
  const { rows, columns, channels } = first
  const [turn, flip, angle, scale, right, down] = movement
  const [a, b] = [scale * Math.cos((angle * Math.PI) / 180), scale * Math.sin((angle * Math.PI) / 180)]
  const size = rows * columns
  const values = Float32Array.from(first.values)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      let [x, y] = [(column + 0.5) / columns - 0.5, (row + 0.5) / rows - 0.5]
      for (let quarter = 0; quarter < turn; quarter++) [x, y] = [y, -x]
      if (flip) x = -x
      const across = (a * x - b * y + right / 32 + 0.5) * columns - 0.5
      const along = (b * x + a * y + down / 32 + 0.5) * rows - 0.5
      for (let channel = 0; channel < channels; channel++) {
        const value = between(second, channel * size, along, across)
        if (value !== null) values[channel * size + row * columns + column] = value
      }
    }
  return { ...second, values }
}

// Bilinear; null outside.
function between(image, start, row, column) {
  const { rows, columns, values } = image
  if (row < -0.5 || column < -0.5 || row > rows - 0.5 || column > columns - 0.5) return null
  const clamp = (value, most) => Math.min(Math.max(value, 0), most)
  const [y, x] = [clamp(row, rows - 1), clamp(column, columns - 1)]
  const [top, left] = [Math.floor(y), Math.floor(x)]
  const [bottom, far] = [Math.min(top + 1, rows - 1), Math.min(left + 1, columns - 1)]
  const at = (line, place) => values[start + line * columns + place]
  const upper = at(top, left) * (1 - (x - left)) + at(top, far) * (x - left)
  const lower = at(bottom, left) * (1 - (x - left)) + at(bottom, far) * (x - left)
  return upper * (1 - (y - top)) + lower * (y - top)
}

function movementInWords([turn, flip, angle, scale, right, down]) {
  const turned = turn ? `turned by ${90 * turn}°` : ""
  const parts = [flip ? (turn === 2 ? "flipped upside down" : "flipped sideways") : "", flip && turn === 2 ? "" : turned]
  if (Math.abs(angle) >= 2) parts.push(`turned by ${Math.abs(angle).toFixed(0)}° more`)
  if (Math.abs(Math.log(scale)) >= 0.03) parts.push(`scaled by ${(1 / scale).toFixed(2)}`)
  const shift = Math.hypot(right, down) / 32
  if (shift * 32 >= 0.5) parts.push(`shifted by ${(100 * shift).toFixed(0)} % of the width`)
  return parts.filter(Boolean).join(", ") || "as it is"
}

function comparable(first, second) {
  return first.rows === second.rows && first.columns === second.columns && first.channels === second.channels
}

// the second image as it is laid on the first: for the difference, and for flicking from one to the other
function secondLaidOn(viewer) {
  const [first, second] = viewer.shown
  const { movement } = viewer.request
  return viewer.isAligned && movement ? aligned(first, second, movement) : second
}

function differenceView(viewer, second) {
  const [first] = viewer.shown
  const values = Float32Array.from(first.values, (value, index) => value - second.values[index])
  const help = "The first image minus the second: grey where they are equal."
  const laid = viewer.isAligned && viewer.request.movement
  const note = laid ? `second image ${movementInWords(viewer.request.movement)}` : "first minus second"
  return { title: "Difference", help, note, image: { ...first, values }, isDifference: true }
}
