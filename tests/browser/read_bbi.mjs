// Reads a bigWig or bigBed with one version of @gmod/bbi (JBrowse's reader), and prints what it finds as JSON.
// node read_bbi.mjs FOLDER_OF_NODE_MODULES PACKAGE FILE SEQUENCE LENGTH [NAME]
import { createRequire } from 'node:module'

const [folder, version, path, sequence, length, name] = process.argv.slice(2)
const { BigWig, BigBed } = createRequire(`${folder}/package.json`)(version)
const file = path.endsWith('.bw') ? new BigWig({ path }) : new BigBed({ path })
const header = await file.getHeader()
const items = await file.getFeatures(sequence, 0, Number(length), { scale: 1e9 })
const zoomed = await file.getFeatures(sequence, 0, Number(length), { scale: 1 / 1000 })
const found = name ? await file.searchExtraIndex(name) : []
console.log(JSON.stringify({
  max: header.totalSummary.scoreMax,
  items: items.map(({ start, end, score, rest }) => [start, end, score ?? rest]),
  zoomed: zoomed.map(({ start, end, maxScore }) => [start, end, maxScore]),
  found: found.map(({ start, end, rest }) => [start, end, rest]),
}))
