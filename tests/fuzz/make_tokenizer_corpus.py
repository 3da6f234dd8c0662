"""Writes the seed corpus of fuzz_tokenizer: prompts that take every path of the cleaning, and the tokenizer's files.

usage: make_tokenizer_corpus.py [FOLDER]   (default: corpus/tokenizer beside this script)

The files are committed; run this again after adding a case.
"""

import json
import pathlib
import sys

PROMPTS = {
    "plain": "a striped CAT, 3 dogs' tails & don't",
    "special": "<start_of_text>cat<end_of_text> !<end_of_text> '\u017f",
    "html": "&amp;lt; &notin; &notinx; &#233; &#xE9 &#128; &#xFDD0; &#99999999999; P&EACUTE;REZ &SZLIG; &ampcat",
    "html_nested": "&amp;amp;amp;amp;lt;b",
    "html_lines": "&eacute;\n<b>&eacute;\r\n&eacute;",
    "typography": "\u201cit\u2019s\u201d \ufb01sh \u01c5 \u0149 \uff26\uff55\uff4c\uff4c\u3000\uff76\uff9e \uffe3",
    "marks": "cafe\u0301 q\u0307\u0323 \u1112\u1161\u11ab \u0958 \u0345\u1fb3",
    "controls": "\ufeff\x1b[36;44mblue\x1b[0m \x1b[1 \x07\x85\x92\x81\u2028\x1c\u206a\ufffc",
    "case": "\u039f\u0394\u039f\u03a3 \u03a3\u0391\u03a3' \u03a3 \u0130I \u24b6\u03a3 \u212a",
    "scripts": "\u732b \u0441\u043e\u0431\u0430\u043a\u0430 \u0663\u00bd\u2177 \U0001f431 \u0915\u093f",
    "long_word": "aa" * 300 + "aaat" * 100,
}


def visible_bytes():
    """The characters that spell the 256 bytes, in the order of their ids."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(b) for b in visible] + [chr(0x100 + i) for i in range(256 - len(visible))]


def files():
    merges = [("t", "h"), ("th", "e</w>")]
    tokens = visible_bytes()
    tokens += [t + "</w>" for t in tokens] + [a + b for a, b in merges]
    vocab = {token: i for i, token in enumerate([*tokens, "<|startoftext|>", "<|endoftext|>"])}
    added = [{"id": vocab[t], "content": t} for t in ("<|startoftext|>", "<|endoftext|>")]
    pack = {"ensure_ascii": False, "separators": (",", ":")}
    lines = [" ".join(merge) for merge in merges]
    model = {"vocab": vocab, "merges": lines}
    yield "tokenizer.json", json.dumps({"added_tokens": added, "model": model}, **pack)
    yield "tokenizer_pairs.json", json.dumps({"model": {"vocab": vocab, "merges": merges}}, **pack)
    yield "vocab.json", json.dumps(vocab, **pack)
    yield "merges.txt", "#version: 0.2\n" + "\n".join(lines) + "\n"
    yield "two_ids.json", json.dumps({"added_tokens": [{"id": 7, "content": "t"}], "model": model}, **pack)
    yield "one_id_twice.json", json.dumps({"model": {"vocab": {"a": 1, "b": 1}, "merges": []}}, **pack)
    yield "huge_id.json", '{"model":{"vocab":{"a":2147483648},"merges":[]}}'
    yield "merge_of_one.json", '{"model":{"vocab":{},"merges":["a"]}}'


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus/tokenizer")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in [*((f"{name}.txt", text) for name, text in PROMPTS.items()), *files()]:
        (folder / name).write_text(text, encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
