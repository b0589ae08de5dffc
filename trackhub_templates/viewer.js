// What index.html and view.html share: search by name and alias, and items drawn as BED means them, in any igv.js.
// Names are looked up in the hub's own list: igv.js 3.0 finds the wrong item where a longer one is near, and every
// version looks up names in capitals.

// Lines of names.tsv to two maps from a name, as written and in lower case, to where it is
function readNames(text) {
    const exact = new Map(), folded = new Map()
    for (const line of text.split("\n")) {
        const [chrom, first, last, ...names] = line.split("\t")
        for (const name of names) {
            const place = {chrom, first: +first, last: +last}
            exact.set(name, place)
            if (!folded.has(name.toLowerCase())) folded.set(name.toLowerCase(), place)
        }
    }
    return name => exact.get(name) || folded.get(name.toLowerCase())
}

// Returns a function from what was typed (a locus, a sequence, a name, or several with blanks between) to a locus
function makeFinder(aliases, loadNames) {
    const chroms = new Map(Object.entries(aliases))
    const foldedChroms = new Map(Object.entries(aliases).reverse().map(([alias, chrom]) => [alias.toLowerCase(), chrom]))
    const chromOf = name => chroms.get(name) || foldedChroms.get(name.toLowerCase())
    let names
    const findOne = async word => {
        const parts = /^(.+):([\d,]+(?:-[\d,]+)?)$/.exec(word)
        if (parts) return chromOf(parts[1]) && `${chromOf(parts[1])}:${parts[2]}`
        if (chroms.has(word)) return chroms.get(word)
        names = names || loadNames().then(readNames, () => () => undefined)
        const place = (await names)(word)
        if (!place) return chromOf(word)
        const middle = (place.first - 1 + place.last) / 2, half = Math.max(2000, place.last - place.first + 1)
        return `${place.chrom}:${Math.max(1, Math.floor(middle - half) + 1)}-${Math.floor(middle + half)}`
    }
    return async text => {
        const whole = await findOne(text.trim())
        if (whole) return whole
        const loci = await Promise.all(text.trim().split(/\s+/).map(findOne))
        return loci.every(Boolean) ? loci.join(" ") : undefined
    }
}

// igv.js draws thin parts of exons alone, and igv.js 3.0 no column but the name: both are set on the items
function drawAsBed(track, labelField, drawsLabels) {
    if (track.type !== "annotation" || typeof track.getFeatures !== "function") return
    const getFeatures = track.getFeatures.bind(track)
    track.getFeatures = async (...where) => {
        const features = await getFeatures(...where)
        for (const item of Array.isArray(features) ? features : []) {
            if (!item.exons && item.cdStart === item.start && item.cdEnd === item.start)
                item.exons = [{start: item.start, end: item.end, utr: true}]
            if (!drawsLabels && labelField && item[labelField] !== undefined && item.fullName === undefined) {
                item.fullName = item.name
                item.name = item[labelField]
            }
        }
        return features
    }
}

// options: session, aliases (name to sequence), loadNames (to a promise of text), drawsLabels (whether igv.js does)
async function startViewer(element, options) {
    const {tracks, ...view} = options.session
    const browser = await igv.createBrowser(element, {genomeList: [], loadDefaultGenomes: false, ...view})
    window.browser = browser
    const createTrack = browser.createTrack.bind(browser)
    browser.createTrack = async (config, ...rest) => {
        const track = await createTrack(config, ...rest)
        if (track) drawAsBed(track, config.labelField, options.drawsLabels)
        return track
    }
    const find = makeFinder(options.aliases, options.loadNames)
    const search = browser.search.bind(browser)
    browser.search = async (text, ...rest) => search(await find(text) || text, ...rest)
    window.viewer.find = find
    for (const button of document.querySelectorAll("[data-position]"))
        button.onclick = () => browser.search(button.dataset.position)
    await browser.loadTrackList(tracks)
    let asked = location.hash.slice(1)
    try { asked = decodeURIComponent(asked) } catch { /* a lone % is what it is */ }
    if (asked) await browser.search(asked)
}
