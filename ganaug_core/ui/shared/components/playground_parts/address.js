// What is played stands in the address, so that a link, a reload and the back button show the same.
// Only what differs from the usual value is written: a.momentum=0.9, b.loss=hinge, drawn=0.1_0.2*0.3_0.4, at=120
function readAddress(bench) {
  if (bench.data.plain || bench.data.goal) {
    bench.tables.forEach((table, place) => (table.settings = { ...bench.data.usual, drawn: "", ...bench.data.games[place] }))
    bench.drawn = bench.tables[0].settings.drawn
    return
  }
  const query = new URLSearchParams(location.search)
  const drawn = query.get("drawn") ?? ""
  bench.tables.forEach((table, place) => {
    const given = Object.fromEntries(
      [...query].filter(([key]) => key.startsWith(`${NAMES[place]}.`)).map(([key, value]) => [key.slice(2), value])
    )
    const known = Object.keys(bench.data.usual)
    const asked = Object.fromEntries(Object.entries(given).filter(([key]) => known.includes(key)))
    const begins = Object.keys(given).length || query.has(`${NAMES[1 - place]}.seed`) ? {} : bench.data.games[place]
    table.settings = { ...bench.data.usual, ...begins, ...asked }
    table.settings.drawn = table.settings.target === "drawn" ? drawn : ""
  })
  bench.drawn = drawn
  bench.moment = Math.max(0, Number(query.get("at")) || 0)
}

function writeAddress(bench) {
  if (bench.data.plain || bench.data.goal) return
  const query = new URLSearchParams(location.search)
  for (const key of [...query.keys()]) if (/^[ab]\./.test(key) || key === "at" || key === "drawn") query.delete(key)
  bench.tables.forEach((table, place) => {
    for (const [key, value] of Object.entries(table.settings))
      if (key !== "drawn" && (key === "seed" || String(value) !== String(bench.data.usual[key])))
        query.set(`${NAMES[place]}.${key}`, value)
  })
  if (bench.drawn) query.set("drawn", bench.drawn)
  if (!bench.isPlaying && bench.moment) query.set("at", Math.floor(bench.moment))
  const address = `${location.pathname}?${query}`
  if (address !== location.pathname + location.search) history.replaceState(history.state, "", address)
}

const NAMES = ["a", "b"]
