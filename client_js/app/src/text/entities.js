/**
 * The named characters of HTML that people write in a chat, in place of the table of all 2,231, which is a sixth of the
 * whole app. vite gives this to markdown-it under the name "entities"; a name that is not here stays as it was written.
 */

const NAMES =
  "amp & lt < gt > quot \" apos ' nbsp \u00a0 iexcl ¡ cent ¢ pound £ yen ¥ euro € sect § copy © reg ® trade ™ deg ° plusmn ± micro µ para ¶ middot · laquo « raquo » iquest ¿ " +
  "times × divide ÷ frac12 ½ frac14 ¼ frac34 ¾ sup1 ¹ sup2 ² sup3 ³ ndash – mdash — lsquo ‘ rsquo ’ ldquo “ rdquo ” bull • hellip … prime ′ larr ← uarr ↑ rarr → darr ↓ harr ↔ " +
  "rArr ⇒ lArr ⇐ hArr ⇔ forall ∀ exist ∃ empty ∅ nabla ∇ isin ∈ notin ∉ ni ∋ prod ∏ sum ∑ minus − radic √ infin ∞ and ∧ or ∨ cap ∩ cup ∪ int ∫ there4 ∴ sim ∼ cong ≅ asymp ≈ ne ≠ " +
  "equiv ≡ le ≤ ge ≥ sub ⊂ sup ⊃ sube ⊆ supe ⊇ oplus ⊕ otimes ⊗ perp ⊥ alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π " +
  "rho ρ sigma σ tau τ phi φ chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω";

const words = NAMES.split(" ");
/** @type {Map<string, string>} */
const characters = new Map();
for (let index = 0; index < words.length; index += 2) characters.set(words[index], words[index + 1]);

/** One entity, as markdown-it asks. @param {string} text `&name;` @returns {string} */
export function decodeHTMLStrict(text) {
  return text.replace(/&([A-Za-z][A-Za-z0-9]*);/g, (whole, name) => characters.get(name) ?? whole);
}
