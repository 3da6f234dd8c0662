"""The program without --model: the demo model finds what is in a picture, from the stored encoding."""

import json
import os
import shutil
import unittest

from command_line import BINARY, DONE, TEST_DATA, USAGE, CommandLineTest

SCENE = TEST_DATA / "scene" / "scene.jpg"
OBJECTS = json.loads(SCENE.with_suffix(".json").read_text())["objects"]  # two black birds, two orange cats
TEXTS = {
    "black bird": {"kind": "bird"},
    "orange cat": {"kind": "cat"},
    "black": {"colour": "black"},
    "cat": {"kind": "cat"},
}
ABSENT = ["blue cup", "green star", "white ring", "red bottle", "purple cat"]
EXAMPLE = {"kind": "cat", "colour": "orange"}


def run_lengths(counts):
    """COCO's compressed run lengths as numbers: 5 bits a character, the third-last count added from the third on."""
    numbers, position = [], 0
    while position < len(counts):
        value, shift, more = 0, 0, True
        while more:
            bits = ord(counts[position]) - 48
            value |= (bits & 0x1F) << shift
            more = bits & 0x20
            position, shift = position + 1, shift + 5
        if bits & 0x10:
            value -= 1 << shift
        numbers.append(value + (numbers[-2] if len(numbers) > 2 else 0))
    return numbers


def pixels(mask):
    """The set of pixels of a mask {size, counts}, by number."""
    inside, position, found = False, 0, set()
    for length in run_lengths(mask["counts"]):
        if inside:
            found.update(range(position, position + length))
        inside, position = not inside, position + length
    return found


def iou(first, second):
    return len(first & second) / max(len(first | second), 1)


def named(**properties):
    return [thing for thing in OBJECTS if all(thing[key] == value for key, value in properties.items())]


class DemoModel(CommandLineTest):
    def ask(self, *arguments):
        return self.run_json("segment", *arguments, model=None, environment={"SAMCACHE_PRECISION": "bf16"})

    def assert_found(self, answer, wanted):
        masks = [pixels(mask) for mask in answer["masks"]]
        self.assertEqual(len(masks), len(wanted))
        for thing in wanted:
            self.assertGreater(max(iou(pixels(thing["mask"]), mask) for mask in masks), 0.7, thing["kind"])

    def setUp(self):
        super().setUp()
        done = self.run_samcache("encode", SCENE, model=None)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.image_id = done.stdout.split()[0]

    def test_it_says_which_model_it_uses(self):
        done = self.run_samcache("encode", SCENE, model=None)
        self.assertIn("using the demo model", done.stderr)
        self.assertIn("models/demo", done.stderr)
        info = self.run_json("model", "info", model=None)
        self.assertTrue(info["path"].endswith("models/demo"), info["path"])

    def test_a_text_finds_every_instance(self):
        for text, wanted in TEXTS.items():
            with self.subTest(text):
                self.assert_found(self.ask(self.image_id, "--text", text), named(**wanted))

    def test_a_text_for_what_is_not_there_finds_nothing(self):
        for text in ABSENT:
            with self.subTest(text):
                self.assertEqual(self.ask(self.image_id, "--text", text)["masks"], [])

    def test_an_example_finds_what_looks_like_it(self):
        shown = named(**EXAMPLE)
        box = ",".join(map(str, shown[0]["box"]))
        self.assert_found(self.ask(self.image_id, "--box", box), shown)

    def test_a_box_finds_the_one_thing_it_means(self):
        for thing in OBJECTS:
            with self.subTest(thing["colour"] + " " + thing["kind"]):
                box = ",".join(map(str, thing["box"]))
                (mask,) = self.ask(self.image_id, "--box", box, "--mode", "interactive")["masks"]
                self.assertGreater(iou(pixels(thing["mask"]), pixels(mask)), 0.7)

    def test_a_click_finds_the_one_thing_it_lies_on(self):
        for thing in OBJECTS:
            with self.subTest(thing["colour"] + " " + thing["kind"]):
                inside = sorted(pixels(thing["mask"]))
                height = thing["mask"]["size"][0]  # pixels are numbered down the columns
                x = sum(pixel // height for pixel in inside) // len(inside)
                y = sum(pixel % height for pixel in inside) // len(inside)
                (mask,) = self.ask(self.image_id, "--point", f"{x},{y}")["masks"]
                self.assertGreater(iou(pixels(thing["mask"]), pixels(mask)), 0.7)

    def test_without_the_demo_model_beside_it_the_program_says_what_to_do(self):
        alone = self.folder / "samcache"
        shutil.copy(BINARY, alone)
        done = self.run_samcache("encode", SCENE, model=None, binary=alone)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("--model", done.stderr)
        self.assertIn("model init", done.stderr)


if __name__ == "__main__":
    unittest.main()
