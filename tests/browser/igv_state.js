// What a test asks of an igv.js browser: its tracks as drawn. Pixels are counted on each track's own canvas.
() => window.browser.trackViews
    .filter(view => view.track.type && !["ideogram", "ruler", "sequence"].includes(view.track.type))
    .map(view => {
        const canvas = view.viewports[0].canvas
        const colors = {}
        let drawn = 0
        if (canvas && canvas.width && canvas.height) {
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] === 255) {
                    drawn += 1
                    const color = `${data[i]},${data[i + 1]},${data[i + 2]}`
                    colors[color] = (colors[color] || 0) + 1
                }
            }
        }
        const range = view.track.dataRange
        return {
            name: view.track.name, type: view.track.type, drawn, colors,
            min: range && range.min, max: range && range.max,
            windowFunction: view.track.windowFunction, color: view.track.color
        }
    })
