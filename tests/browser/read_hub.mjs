// Reads a hub as JBrowse does: node read_hub.mjs NODE_MODULES_FOLDER HUB_FOLDER
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"

const [folder, hub] = process.argv.slice(2)
const require = createRequire(join(folder, "package.json"))
const { SingleFileHub } = require("@gmod/ucsc-hub")
const { BigWig, BigBed } = require("bbi8")
const { LocalFile } = require("generic-filehandle2")

const parsed = new SingleFileHub(readFileSync(join(hub, "hub.txt"), "utf8"))
const tracks = {}
for (const [name, track] of Object.entries(parsed.tracks.data)) {
    const settings = track.data ?? track
    const file = settings.bigDataUrl
    tracks[name] = { type: settings.type, parent: settings.parent, file }
    if (!file || settings.type.startsWith("bam")) continue
    const handle = { filehandle: new LocalFile(join(hub, file)) }
    if (settings.type.startsWith("bigWig")) {
        const summary = (await new BigWig(handle).getHeader()).totalSummary
        tracks[name].range = [summary.scoreMin, summary.scoreMax]
    } else {
        const bigBed = new BigBed(handle)
        tracks[name].autosql = (await bigBed.getHeader()).autoSql
        tracks[name].found = (await bigBed.searchExtraIndex(process.argv[4] ?? "")).length
    }
}
console.log(JSON.stringify({ hub: parsed.hubData.data, genome: parsed.genome.data, tracks }))
