/** A QR code as the path of an SVG, one square per module, with the quiet zone of four modules that scanners need. */
import qrcode from "qrcode-generator";

const QUIET = 4;

/**
 * @param {string} text  an address: bytes, level L: a screen is not torn, and larger squares are read from farther away
 * @returns {{size: number, path: string}} `size`: modules of a side, with the quiet zone
 */
export function qrPath(text) {
  const code = qrcode(0, "L");
  code.addData(text, "Byte");
  code.make();
  const count = code.getModuleCount();
  let path = "";
  for (let row = 0; row < count; row += 1) {
    for (let col = 0; col < count; ) {
      let long = 0;
      while (col + long < count && code.isDark(row, col + long)) long += 1;
      if (long) path += `M${col + QUIET} ${row + QUIET}h${long}v1h-${long}z`;
      col += long || 1;
    }
  }
  return { size: count + 2 * QUIET, path };
}
