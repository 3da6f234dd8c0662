/** The decoder's candidates -> the masks of the answer, as the server makes them. */
import type { DecodedMask } from './decoder-messages';
import { enlargeToRuns } from './enlarge-mask';
import { fillHoles, maxHoleArea, selectCandidates } from './mask-selection';
import type { StabilityRule } from './mask-selection';

export interface Candidates {
  /** [candidates, side, side], one after the other; inside where > 0. */
  logits: Float32Array;
  /** How well each is expected to fit, 0 to 1. */
  scores: Float32Array;
  side: number;
}

export interface FinishOptions {
  rule: StabilityRule;
  multimask: boolean;
  width: number;
  height: number;
}

export function finishMasks(found: Candidates, options: FinishOptions): DecodedMask[] {
  const { logits, scores, side } = found;
  const of = (candidate: number) => logits.subarray(candidate * side * side, (candidate + 1) * side * side);
  return selectCandidates(options.rule, of(0), scores, options.multimask).map((candidate) => {
    const mask = of(candidate).slice();
    fillHoles(mask, side, maxHoleArea(side));
    return { runs: enlargeToRuns(mask, side, options.width, options.height), score: scores[candidate] };
  });
}
