// A game comes as a stream: a line of JSON, then moments of equal length, shown while the rest is still played.
async function playGame(bench, table) {
  table.abort?.abort()
  const abort = new AbortController()
  Object.assign(table, { abort, header: null, bytes: null, length: 0, problem: "", began: performance.now(), seconds: null })
  bench.draw()
  const settings = Object.entries(table.settings).filter(([, value]) => value !== "")
  try {
    const answer = await fetch(`/api/game.bin?${new URLSearchParams(settings)}`, { signal: abort.signal })
    if (!answer.ok) {
      const said = await answer.json().catch(() => ({ what: "The game could not be played.", do: "Reload the page." }))
      table.problem = `${said.what} ${said.do}`
    } else await readStream(bench, table, answer.body.getReader())
  } catch (error) {
    if (abort.signal.aborted) return
    table.problem = "The connection to the app was lost. Press Restart."
  }
  if (table.abort !== abort) return
  table.seconds = (performance.now() - table.began) / 1000
  if (!table.problem && momentsOf(table) < table.header?.steps.length) table.problem = "The game ended early. Press Restart."
  bench.draw()
}

async function readStream(bench, table, reader) {
  let first = []
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    let rest = value
    if (!table.header) {
      const end = value.indexOf(10)
      first.push(...value.subarray(0, end < 0 ? value.length : end))
      if (end < 0) continue
      table.header = JSON.parse(new TextDecoder().decode(new Uint8Array(first)))
      table.bytes = new Uint8Array(table.header.steps.length * table.header.bytes)
      rest = value.subarray(end + 1)
    }
    table.bytes.set(rest, table.length)
    table.length += rest.length
    if (!bench.isPlaying) bench.draw()
  }
}

function momentsOf(table) {
  return table.header ? Math.floor(table.length / table.header.bytes) : 0
}

// the arrays of one moment, as they lie in the stream
function momentAt(table, number) {
  const { header } = table
  const { points, grid, field, arrows, curves } = header
  let start = number * header.bytes
  const take = (kind, count) => {
    const part = new kind(table.bytes.slice(start, start + count * kind.BYTES_PER_ELEMENT).buffer)
    start += count * kind.BYTES_PER_ELEMENT
    return part
  }
  return {
    curves: take(Float32Array, curves.length),
    points: take(Int16Array, 2 * points),
    grid: take(Int16Array, 2 * grid * grid),
    field: take(Uint8Array, field * field),
    optimum: take(Uint8Array, field * field),
    arrows: take(Int8Array, 2 * arrows),
  }
}

// a curve over all moments that are there
function curveOf(table, name) {
  const place = table.header.curves.indexOf(name)
  const view = new DataView(table.bytes.buffer)
  const values = []
  for (let number = 0; number < momentsOf(table); number++)
    values.push(view.getFloat32(number * table.header.bytes + 4 * place, true))
  return values
}
