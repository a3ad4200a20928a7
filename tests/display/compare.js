// How far one picture is from another: the most that a tile of them differs by on average, of 255, and where.
// A point that has moved by one, as at the edge of a letter, has not changed.
async ([before, after]) => {
  const TILE = 8;

  async function points(png) {
    const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
    const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const paper = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    paper.drawImage(picture, 0, 0);
    return paper.getImageData(0, 0, picture.width, picture.height);
  }

  // From the point of one picture to the likest of the nine about its place in the other.
  function farthest(one, other, x, y) {
    const at = (y * one.width + x) * 4;
    let least = 255;
    for (let v = Math.max(y - 1, 0); v <= Math.min(y + 1, other.height - 1); v++) {
      for (let u = Math.max(x - 1, 0); u <= Math.min(x + 1, other.width - 1); u++) {
        const to = (v * other.width + u) * 4;
        const far = Math.abs(one.data[at] - other.data[to]) + Math.abs(one.data[at + 1] - other.data[to + 1]) + Math.abs(one.data[at + 2] - other.data[to + 2]);
        least = Math.min(least, far / 3);
      }
    }
    return least;
  }

  function differs(one, other, left, top) {
    let sum = 0, count = 0;
    for (let y = top; y < Math.min(top + TILE, one.height); y++) {
      for (let x = left; x < Math.min(left + TILE, one.width); x++, count++) {
        sum += Math.max(farthest(one, other, x, y), farthest(other, one, x, y));
      }
    }
    return sum / count;
  }

  const [one, other] = await Promise.all([points(before), points(after)]);
  if (one.width !== other.width || one.height !== other.height) return { most: 255, x: 0, y: 0 };
  let worst = { most: 0, x: 0, y: 0 };
  for (let y = 0; y < one.height; y += TILE) {
    for (let x = 0; x < one.width; x += TILE) {
      const most = differs(one, other, x, y);
      if (most > worst.most) worst = { most, x, y };
    }
  }
  return worst;
}
