"""Settings that UCSC knows, to find misspelt ones.

From https://genome.ucsc.edu/goldenPath/help/trackDb/trackDbHub.html (v3) and the assembly hub help.
"""

from __future__ import annotations

import difflib
import re
from functools import lru_cache

_HUB_WORDS = "hub shortLabel longLabel genomesFile useOneFile email descriptionUrl version level"
_GENOME_WORDS = """
genome trackDb groups description twoBitPath twoBitBptUrl chromAlias chromAliasBb chromSizes chromAuthority
codonTable organism defaultPos orderKey scientificName htmlPath transBlat blat isPcr taxId metaDb
metaTab htmlDocumentation useOneFile liftOver liftOverChain ncbiAccession
"""
_TRACK_WORDS = """
track type shortLabel longLabel bigDataUrl html visibility meta color priority canPack configureByPopup
origAssembly altColor boxedCfg chromosomes darkerLabels dataVersion directUrl downloadUrl iframeUrl iframeOptions
mouseOver mouseOverField multiRegionsBedUrl onlyVisibility otherDb otherTwoBitUrl pennantIcon tableBrowser url
urlLabel urls skipEmptyFields skipFields sepFields refUrl bigDataIndex bamColorMode bamGrayMode bamColorTag
noColorTag bamSkipPrintQualScore indelDoubleInsert indelQueryInsert indelPolyA minAliQual pairEndsByName
pairSearchRange showNames doWiggle barChartBars barChartColors barChartLabel barChartMaxSize barChartSizeWindows
barChartStretchToItem barChartFacets barChartMatrixUrl barChartStatsUrl singleCellColumnNames barChartMerge
barChartMetric barChartUnit barChartCategoryUrl barChartSampleUrl barChartBarMinPadding barChartBarMinWidth maxLimit
itemRgb colorFields colorByStrand denseClick denseCoverage labelOnFeature extraDetailsTable extraTableFields
detailsStaticTable detailsDynamicTable exonArrows exonNumbers scoreFilter scoreFilterLimits
scoreFilterByRange maxItems maxWindowCoverage maxWindowToDraw minGrayLevel noScoreFilter spectrum scoreMin scoreMax
style thickDrawItem searchIndex searchTrix labelFields defaultLabelFields labelSeparator filterBy highlightColor
bedNameLabel exonArrowsDense itemImagePath itemBigImagePath mergeSpannedItems linkIdInName nextExonText prevExonText
nextItemButton scoreLabel showTopScorers linkDataUrl chainColor chainNormScoreAvailable baseColorUseSequence
baseColorDefault baseColorUseCds baseColorTickColor intronGap interactDirectional interactUp detailsBoxesEnabled
interactMultiRegion endsVisible maxHeightPixels speciesOrder speciesLabels pairwiseHeight speciesGroups
speciesDefaultOff speciesCodonDefault itemFirstCharCase irows frames summary showDiffBasesAllScales pslSequence
showCdsAllScales showCdsMaxZoom showDiffBasesMaxZoom autoScale mouseOverFunction viewLimits viewLimitsMax alwaysZero
graphTypeDefault maxWindowToQuery negateValues setColorWith smoothingWindow transformFunc logo logoMaf
windowingFunction yLineMark yLineOnOff gridDefault lollyNoStems lollySizeField lollyMaxSize lollyField drawMode
normalization resolution saturationScore hicDistanceMin hicDistanceMax hicArcLimit hicArcLimitEnabled showSnpWidth
otherSpecies hapClusterEnabled hapClusterMethod sampleColorFile hapClusterColorBy geneTrack hapClusterTreeAngle
hapClusterHeight applyMinQual minQual minFreq minAc vcfDoFilter vcfDoQual vcfDoMaf vcfDoMinAc sampleMetadataFile
showHardyWeinberg vcfChildSample vcfParentSamples vcfUseAltSampleNames vcfPhasedColorBy superTrack parent
compositeTrack allButtonPair centerLabelsDense dragAndDrop hideEmptySubtracks hideEmptySubtracksMultiBedUrl
hideEmptySubtracksSourcesUrl hideEmptySubtracksLabel subGroups dimensions filterComposite sortOrder view viewUi
configurable metaDataUrl primaryKey maxCheckboxes dataTypes defaultSortField subtrackUrls container aggregate
showSubtrackColorOnUi metadata noInherit useScore group release signalFilter pValueFilter qValueFilter
signalFilterLimits pValueFilterLimits qValueFilterLimits searchTable subTrack defaultViewLimits aliQualRange
baseQualRange bamWigMode baseColorDrawOpt subGroup mathDataUrl wgEncode controlledVocabulary metaDb metaTab
squishyPackField squishyPackLabel squishyPackPoint doSnake chainLinearGap bigGeneDataUrl filterTopScorers bedFilter
noParentConfig nextExonText cartVersion bigDataSamples idInUrlSql private excludeFilterValues centerWeighted
multiRegionBedPadding vcfSampleOrder treeFile treeImage detailsTabUrls decoratorUrl viewFunc yLineMarkOn quickLifted
facetedTable
idXref dividers hierarchy formatType missingMethod proteinSeq geneLabel defaultIsClosed defaultOn isPcr maxViewLimit
"""
_GROUP_WORDS = "name label priority defaultIsClosed"
_KNOWN = {
    kind: frozenset(words.split())
    for kind, words in (
        ("hub", _HUB_WORDS),
        ("genome", _GENOME_WORDS),
        ("track", _TRACK_WORDS),
        ("name", _GROUP_WORDS),
    )
}
_BY_COLUMN = "Values|ValuesDefault|ByRange|Limits|Text|Type|Label|Priority|Color"
_PATTERNS = re.compile(
    r"subGroup\d+|dimension[A-Z]checked|sGroup_\w+|yAxisLabel\.\d+|yAxisNumLabels(\.\w+)?|decorator(\.\w+)+"
    rf"|(filter|highlight)({_BY_COLUMN})?(\.\w+)+|\w+(Filter|Highlight)({_BY_COLUMN})?|detailsScript(\.\w+)+"
)


@lru_cache(maxsize=4096)
def unknown_setting(key: str, kind: str) -> str | None:
    """Return None where UCSC knows a setting; else the setting that was perhaps meant, or an empty string.

    Parameters
    ----------
    key : str
        Setting.
    kind : {"hub", "genome", "track", "name"}
        What kind of stanza it is in; "name" is a group of tracks.

    Examples
    --------
    >>> unknown_setting("itemRGB", "track"), unknown_setting("foo", "track"), unknown_setting("filter.prob", "track")
    ('itemRgb', '', None)
    """
    known = _KNOWN[kind]
    if key in known or (kind == "track" and _PATTERNS.fullmatch(key)):
        return None
    by_case = {name.lower(): name for name in known}
    close = difflib.get_close_matches(key.lower(), by_case, n=1, cutoff=0.75)
    return by_case[close[0]] if close else ""
