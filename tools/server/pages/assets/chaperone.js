/* SPDX-License-Identifier: MIT */
/* What scripts add to pages that are whole without them: pictures that tell their numbers (uPlot, where the
 * server has it), parts that stay up to date without disturbing who reads (htmx, likewise), and buttons that
 * copy. */
'use strict';

(() => {
	const SERIES_MAX = 6;
	const HEIGHT = 190;
	const shown = new Map(); /* what each part was last, by its id */
	const dark = matchMedia('(prefers-color-scheme: dark)');

	const numbers = text => text.split(' ').map(Number);

	function seriesOf(figure) {
		const found = [];

		for (let i = 0; i < SERIES_MAX && figure.getAttribute(`data-series-${i}`) !== null; i++)
			found.push({
				name: figure.getAttribute(`data-name-${i}`),
				points: numbers(figure.getAttribute(`data-series-${i}`)),
				drawn: figure.querySelector(`svg path.series-${i}`),
			});
		return found;
	}

	/* As the server has drawn it. */
	function look(series, isOnly) {
		const style = getComputedStyle(series.drawn);

		return {
			label: series.name,
			stroke: style.stroke,
			width: 1.5,
			dash: style.strokeDasharray === 'none' ? [] : style.strokeDasharray.split(',').map(parseFloat),
			fill: isOnly ? style.stroke.replace('rgb(', 'rgba(').replace(')', ', 0.18)') : undefined,
			points: { show: false },
			paths: uPlot.paths.stepped({ align: 1 }),
		};
	}

	/* In UTC, as everywhere on the pages: a date, or a time of a day. */
	const moment = seconds => new Date(seconds * 1000).toISOString().replace('T', ' ').slice(0, 16);
	const times = (_, moments) => moments.map(one =>
		moments.at(-1) - moments[0] > 2 * 86400 ? moment(one).slice(5, 10) : moment(one).slice(11));

	function draw(figure) {
		const svg = figure.querySelector('svg');
		const series = seriesOf(figure);
		const start = Number(figure.dataset.start), step = Number(figure.dataset.step);
		const text = getComputedStyle(figure.querySelector('svg text')).fill;
		const grid = getComputedStyle(figure.querySelector('svg .grid')).stroke;
		const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '12px system-ui' };
		const width = () => figure.clientWidth - 2 * parseFloat(getComputedStyle(figure).paddingLeft);

		figure.plot?.destroy();
		figure.classList.add('drawn');
		figure.plot = new uPlot({
			width: width(),
			height: HEIGHT,
			tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
			scales: { y: { range: (_, low, high) => [0, Math.max(4, high * 1.05)] } },
			axes: [{ ...axis, space: 60, size: 30, values: times }, { ...axis, size: 44 }],
			series: [{ label: 'UTC', value: (_, seconds) => seconds === null ? '--' : moment(seconds) }, ...series.map(one => look(one, series.length === 1))],
		}, [series[0].points.map((_, i) => start + i * step), ...series.map(one => one.points)], figure);
		figure.plot.root.setAttribute('aria-hidden', 'true');
		svg.classList.add('spoken');
		figure.resized ??= new ResizeObserver(() => figure.plot.setSize({ width: width(), height: HEIGHT }));
		figure.resized.observe(figure);
	}

	function drawAll() {
		if (window.uPlot)
			document.querySelectorAll('figure.plot[data-series-0]').forEach(draw);
	}

	function addCopyButtons() {
		for (const pre of document.querySelectorAll('pre[aria-label]')) {
			const button = document.createElement('button');

			button.type = 'button';
			button.className = 'quiet copy';
			button.textContent = 'Copy';
			button.addEventListener('click', async () => {
				await navigator.clipboard.writeText(pre.textContent);
				button.textContent = 'Copied';
			});
			pre.before(button);
		}
	}

	/* What is the same stays, and so does what somebody is at with the keyboard. */
	document.addEventListener('htmx:beforeSwap', event => {
		const target = event.detail.target;
		const text = event.detail.serverResponse;

		if (text === shown.get(target.id) || target.contains(document.activeElement) || event.detail.xhr.status !== 200)
			event.detail.shouldSwap = false;
		else
			shown.set(target.id, text);
	});
	document.addEventListener('htmx:beforeRequest', event => {
		if (document.hidden)
			event.preventDefault();
	});
	document.addEventListener('htmx:afterSwap', drawAll);
	dark.addEventListener('change', drawAll);
	drawAll();
	addCopyButtons();
})();
