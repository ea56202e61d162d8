// Draws the charts of the analytics page, and keeps the count of people who are here.
(function () {
  "use strict";

  const charts = JSON.parse(document.getElementById("charts").textContent);
  const light = ["#4450b8", "#1b8a5a", "#c2681a", "#a23b72"];
  const dark = ["#98a2f7", "#63d3a2", "#f0a35c", "#e58bbb"];
  const height = 220;
  const drawn = [];

  function isDark() {
    return document.documentElement.classList.contains("dark");
  }

  function axis(color, grid, more) {
    return Object.assign({ stroke: color, grid: { stroke: grid, width: 1 }, ticks: { show: false } }, more);
  }

  // Two lines of very different size have a scale each: uses beside sessions, minutes beside tickets.
  function options(chart, width) {
    const colors = isDark() ? dark : light;
    const text = isDark() ? "#a3aac0" : "#5a6178";
    const grid = isDark() ? "#343a4c" : "#eceef4";
    const second = chart.labels.length === 2;
    const series = chart.labels.map((label, place) => ({
      label,
      stroke: colors[place],
      width: 2,
      scale: second && place === 1 ? "other" : "y",
      points: { show: chart.data[0].length < 15, size: 5 },
      fill: place === 0 ? colors[0] + "22" : undefined,
      spanGaps: false,
    }));
    const axes = [axis(text, grid), axis(text, grid, { scale: "y", size: 48 })];
    if (second) {
      axes.push(axis(text, grid, { scale: "other", side: 1, size: 48, grid: { show: false } }));
    }
    const fromZero = { range: (_self, _least, most) => [0, Math.max(1, most * 1.1)] };
    return {
      width,
      height,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
      series: [{ value: "{YYYY}-{MM}-{DD}" }].concat(series),
      axes,
      scales: { y: fromZero, other: fromZero },
      cursor: { drag: { x: false, y: false } },
    };
  }

  function draw(place) {
    const chart = charts[place.dataset.chart];
    if (chart) {
      place.textContent = "";
      drawn.push({ plot: new uPlot(options(chart, place.clientWidth), chart.data, place), place });
    }
  }

  function drawAll() {
    drawn.splice(0).forEach(({ plot }) => plot.destroy());
    document.querySelectorAll("[data-chart]").forEach(draw);
  }

  const online = document.getElementById("online");
  async function count() {
    if (document.hidden) {
      return;
    }
    try {
      const answer = await fetch(online.dataset.live, { headers: { Accept: "application/json" } });
      if (answer.ok) {
        online.textContent = (await answer.json()).online;
      }
    } catch (error) {
      online.textContent = "–";
    }
  }

  drawAll();
  setInterval(count, 30000);
  new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["class"] });
  new ResizeObserver(() => {
    drawn.forEach(({ plot, place }) => {
      if (plot.width !== place.clientWidth) {
        plot.setSize({ width: place.clientWidth, height });
      }
    });
  }).observe(document.querySelector(".usage"));
})();
