"""samcache segment, as a user runs it."""

import base64
import json
import os
import shutil
import struct
import unittest

from command_line import (
    DONE,
    FAILED,
    IMAGE,
    IMAGE_SIZE,
    MODEL,
    NOT_FOUND,
    OTHER_IMAGE,
    TEST_DATA,
    USAGE,
    CommandLineTest,
    safetensors_header,
)

POINT = "75,50"
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_size(content):
    assert content.startswith(PNG_SIGNATURE)
    return struct.unpack(">II", content[16:24])


class Segment(CommandLineTest):
    def test_the_answer_has_the_documented_shape(self):
        answer = self.run_json("segment", IMAGE, "--point", POINT)
        self.assertEqual(sorted(answer), sorted(["masks", "boxes", "scores", "latency_ms", "timing", "cache"]))
        self.assertEqual(sorted(answer["timing"]), ["load_ms", "mask_ms", "prompt_ms"])
        self.assertGreaterEqual(answer["latency_ms"], sum(answer["timing"].values()) - 0.001)
        (mask,) = answer["masks"]
        self.assertEqual(sorted(mask), ["counts", "size"])
        self.assertEqual(mask["size"], [IMAGE_SIZE[1], IMAGE_SIZE[0]])
        self.assertIsInstance(mask["counts"], str)
        ((x0, y0, x1, y1),) = answer["boxes"]
        self.assertTrue(0 <= x0 <= x1 <= IMAGE_SIZE[0] and 0 <= y0 <= y1 <= IMAGE_SIZE[1])
        self.assertEqual(len(answer["scores"]), 1)
        self.assertEqual(answer["cache"], "encoded")

    def test_image_id_and_file_give_the_same_mask_whatever_the_profile(self):
        prompts = ["--point", POINT, "--point", "20,20,neg", "--box", "10,10,120,100"]
        from_image = self.run_json("segment", IMAGE, *prompts, "--no-store")
        self.assertEqual(self.stored_files(), [])
        image_id = self.run_json("encode", IMAGE)["images"][0]["id"]
        (trunk,) = self.stored_files()
        targets = [IMAGE, image_id, image_id[:8], image_id.upper(), trunk]
        answers = [self.run_json("segment", target, *prompts) for target in targets]
        self.run_json("encode", IMAGE, "--profile", "interactive")
        interactive = trunk.with_name(trunk.name.replace("trunk", "interactive"))
        trunk.unlink()
        targets = [IMAGE, image_id, interactive]
        answers += [self.run_json("segment", target, *prompts) for target in targets]
        for answer in answers:
            self.assertEqual(answer["cache"], "disk")
            self.assertEqual(answer["masks"], from_image["masks"])
            self.assertEqual(answer["scores"], from_image["scores"])

    def test_an_image_that_had_to_be_encoded_is_kept(self):
        self.assertEqual(self.run_json("segment", IMAGE, "--point", POINT)["cache"], "encoded")
        self.assertEqual([path.name.split(".")[1] for path in self.stored_files()], ["trunk"])
        self.assertEqual(self.run_json("segment", IMAGE, "--point", POINT)["cache"], "disk")

    def test_an_id_needs_no_image(self):
        image = self.folder / "gone.png"
        shutil.copy(IMAGE, image)
        image_id = self.run_json("encode", image)["images"][0]["id"]
        image.unlink()
        self.assertEqual(len(self.run_json("segment", image_id, "--point", POINT)["masks"]), 1)

    def test_prompting_changes_no_stored_byte(self):
        self.run_json("encode", IMAGE, "--profile", "trunk,interactive")
        before = [path.read_bytes() for path in self.stored_files()]
        self.run_json("segment", IMAGE, "--point", POINT, "--multimask")
        self.assertEqual([path.read_bytes() for path in self.stored_files()], before)

    def test_multimask_gives_all_alternatives(self):
        answer = self.run_json("segment", IMAGE, "--point", POINT, "--multimask")
        self.assertEqual([len(answer[key]) for key in ("masks", "boxes", "scores")], [3, 3, 3])

    def test_forms_of_the_mask(self):
        png = self.run_json("segment", IMAGE, "--point", POINT, "--format", "png")["masks"][0]
        self.assertEqual(png_size(base64.b64decode(png, validate=True)), IMAGE_SIZE)
        polygon = self.run_json("segment", IMAGE, "--point", POINT, "--format", "polygon")["masks"][0]
        for ring in polygon:
            self.assertTrue(len(ring) >= 6 and len(ring) % 2 == 0)
        both = self.run_json("segment", IMAGE, "--point", POINT, "--format", "rle,polygon")["masks"][0]
        self.assertEqual(sorted(both), ["polygon", "rle"])
        self.assertEqual(both["polygon"], polygon)

    def test_files_are_written_and_named(self):
        out = self.folder / "results"
        answer = self.run_json(
            "segment", IMAGE, "--point", POINT, "--format", "rle,png,polygon,overlay", "--out", out
        )
        names = ["mask0.rle.json", "mask0.png", "mask0.polygon.json", "overlay.png"]
        expected = [str(out / f"{IMAGE.stem}.{name}") for name in names]
        self.assertEqual(answer["files"], expected)
        self.assertEqual(sorted(map(str, out.iterdir())), sorted(expected))
        self.assertEqual(json.loads((out / f"{IMAGE.stem}.mask0.rle.json").read_text()), answer["masks"][0]["rle"])
        self.assertEqual(png_size((out / f"{IMAGE.stem}.overlay.png").read_bytes()), IMAGE_SIZE)

    def test_people_get_a_summary_and_a_picture(self):
        done = self.run_samcache("segment", IMAGE, "--point", POINT)
        self.assertEqual((done.returncode, done.stderr), (DONE, ""))
        self.assertIn("score", done.stdout)
        self.assertIn(f"{IMAGE.stem}.overlay.png", done.stdout)
        self.assertTrue((self.folder / f"{IMAGE.stem}.overlay.png").exists())

    def test_an_overlay_from_an_id_needs_the_picture(self):
        image_id = self.run_json("encode", IMAGE)["images"][0]["id"]
        ask = ["segment", image_id, "--point", POINT, "--format", "overlay"]
        self.assert_fails(self.run_samcache(*ask), USAGE, "--image")
        self.assert_fails(self.run_samcache(*ask, "--image", OTHER_IMAGE), USAGE, OTHER_IMAGE)
        self.assertEqual(self.run_samcache(*ask, "--image", IMAGE).returncode, DONE)
        self.assertTrue((self.folder / f"{image_id}.overlay.png").exists())

    def test_a_mask_can_be_refined(self):
        logits = self.folder / "logits.safetensors"
        first = self.run_json("segment", IMAGE, "--point", POINT, "--save-mask-input", logits)
        header, _ = safetensors_header(logits)
        self.assertEqual(header["low_res_logits"]["shape"], [1, 48, 48])
        refined = self.run_json("segment", IMAGE, "--point", POINT, "--mask", logits)
        self.assertNotEqual(refined["scores"], first["scores"])  # the mask was looked at
        rle = self.folder / "mask.json"
        rle.write_text(json.dumps(first["masks"][0]))
        png = self.folder / "mask.png"
        png.write_bytes(base64.b64decode(self.run_json("segment", IMAGE, "--point", POINT, "--format", "png")["masks"][0]))
        from_rle = self.run_json("segment", IMAGE, "--mask", rle)
        from_png = self.run_json("segment", IMAGE, "--mask", png)
        self.assertEqual(from_rle["masks"], from_png["masks"])


class WrongPrompts(CommandLineTest):
    def test_malformed_prompts_are_wrong_usage_and_name_the_text(self):
        for option, text in [
            ("--point", "12,"),
            ("--point", "garbage"),
            ("--point", "nan,5"),
            ("--point", "1,2,3"),
            ("--point", ""),
            ("--box", "1,2,3"),
            ("--box", "50,50,10,10"),
            ("--format", "jpeg"),
            ("--mode", "magic"),
        ]:
            arguments = [] if option == "--point" else ["--point", "1,1"]
            done = self.run_samcache("segment", IMAGE, *arguments, f"{option}={text}")
            self.assert_fails(done, USAGE, text)

    def test_prompts_outside_the_picture_are_wrong_usage_before_anything_is_encoded(self):
        for arguments in (["--point", "151,5"], ["--point=-1,5"], ["--point", "1,1e30"], ["--box", "0,0,10,114"]):
            self.assert_fails(self.run_samcache("segment", IMAGE, *arguments), USAGE, "150x113")
        self.assertEqual(self.stored_files(), [])
        self.run_json("encode", IMAGE)
        self.assert_fails(self.run_samcache("segment", IMAGE, "--point", "151,5"), USAGE, "150x113")

    def test_a_negative_number_may_stand_apart_from_its_option(self):
        self.assert_fails(self.run_samcache("segment", IMAGE, "--point", "-1,5"), USAGE, "-1,5", "150x113")

    def test_no_prompt_is_wrong_usage(self):
        self.assert_fails(self.run_samcache("segment", IMAGE), USAGE, "--point")

    def test_masks_that_do_not_fit_are_refused(self):
        mask = self.folder / "mask.json"
        mask.write_text('{"size": [5, 5], "counts": [25]}')
        self.assert_fails(self.run_samcache("segment", IMAGE, "--mask", mask), USAGE, mask)
        mask.write_text("nonsense")
        self.assert_fails(self.run_samcache("segment", IMAGE, "--mask", mask), FAILED, mask)
        self.assert_fails(self.run_samcache("segment", IMAGE, "--mask", "nowhere.png"), NOT_FOUND, "nowhere.png")


class Concepts(CommandLineTest):
    """Texts and exemplars. The tiny model has 12 queries and random weights: what it finds means nothing, but is always
    the same."""

    QUERIES = 12

    def ask(self, *arguments, target=IMAGE):
        return self.run_json("segment", target, *arguments)

    def assert_same_masks(self, one, other):
        for key in ("masks", "boxes", "scores"):
            self.assertEqual(one[key], other[key])

    def test_the_answer_has_the_documented_shape(self):
        answer = self.ask("--text", "cat", "--threshold", "0")
        expected = ["masks", "boxes", "scores", "labels", "latency_ms", "timing", "cache"]
        self.assertEqual(sorted(answer), sorted(expected))
        for key in ("masks", "boxes", "scores", "labels"):
            self.assertEqual(len(answer[key]), self.QUERIES)
        for mask in answer["masks"]:
            self.assertEqual(mask["size"], [IMAGE_SIZE[1], IMAGE_SIZE[0]])
            self.assertIsInstance(mask["counts"], str)
        for x0, y0, x1, y1 in answer["boxes"]:
            self.assertTrue(x0 < x1 and y0 < y1)
        self.assertTrue(all(0 < score < 1 for score in answer["scores"]))
        self.assertEqual(set(answer["labels"]), {"cat"})
        self.assertGreaterEqual(answer["latency_ms"], sum(answer["timing"].values()) - 0.001)

    def test_the_threshold_decides_what_is_an_instance(self):
        everything = self.ask("--text", "cat", "--threshold", "0")
        half = self.ask("--text", "cat")
        self.assertEqual(half["scores"], [score for score in everything["scores"] if score > 0.5])
        self.assertTrue(0 < len(half["scores"]) < self.QUERIES)
        nothing = self.ask("--text", "cat", "--threshold", "1")
        self.assertEqual([nothing[key] for key in ("masks", "boxes", "scores", "labels")], [[]] * 4)
        done = self.run_samcache("segment", IMAGE, "--text", "cat", "--threshold", "1")
        self.assertEqual((done.returncode, done.stderr), (DONE, ""))
        self.assertIn("nothing found", done.stdout)

    def test_max_masks_keeps_the_highest_scores(self):
        everything = self.ask("--text", "cat", "--threshold", "0", "--max-masks", "0")
        best = self.ask("--text", "cat", "--threshold", "0", "--max-masks", "3")
        self.assertEqual(sorted(best["scores"]), sorted(everything["scores"])[-3:])

    def test_what_is_asked_for_changes_the_answer(self):
        box = ["--box", "20,20,60,70"]
        prompts = [
            ["--text", "cat"],
            ["--text", "dog"],
            ["--text", "cat", *box],
            ["--text", "cat", "--box", "20,20,60,70,neg"],
            box,
            [*box, "--box", "70,30,120,80,neg"],
        ]
        scores = [self.ask(*prompt, "--threshold", "0")["scores"] for prompt in prompts]
        for i, one in enumerate(scores):
            self.assertEqual(len(one), self.QUERIES)
            for other in scores[:i]:
                self.assertNotEqual(one, other)

    def test_a_box_alone_is_an_exemplar_unless_the_mode_says_otherwise(self):
        box = ["--box", "20,20,60,70"]
        exemplar = self.ask(*box, "--threshold", "0")
        self.assertEqual(len(exemplar["masks"]), self.QUERIES)
        self.assertNotIn("labels", exemplar)
        self.assert_same_masks(self.ask(*box, "--threshold", "0", "--mode", "concept"), exemplar)
        self.assertEqual(len(self.ask(*box, "--mode", "interactive")["masks"]), 1)
        self.assertEqual(len(self.ask(*box, "--point", "30,30")["masks"]), 1)

    def test_several_texts_answer_as_each_does_alone(self):
        box = ["--box", "20,20,60,70"]
        both = self.ask("--text", "cat", "--text", "dog, big", *box, "--threshold", "0.5")
        cat = self.ask("--text", "cat", *box, "--threshold", "0.5")
        dog = self.ask("--text", "dog, big", *box, "--threshold", "0.5")
        for key in ("masks", "boxes", "scores", "labels"):
            self.assertEqual(both[key], cat[key] + dog[key])
        self.assertEqual(set(both["labels"]), {"cat", "dog, big"})

    def test_texts_are_taken_as_they_stand(self):
        for text in ("[a,b]", "-5", "caf\u00e9", "a=b", '"quoted"', "\u732b"):
            self.assertEqual(set(self.ask("--text", text, "--threshold", "0")["labels"]), {text})

    def test_image_id_and_file_give_the_same_answer_whatever_the_profile(self):
        prompt = ["--text", "cat", "--box", "20,20,60,70", "--threshold", "0"]
        from_image = self.ask(*prompt, "--no-store")
        self.assertEqual(from_image["cache"], "encoded")
        self.assertEqual(self.stored_files(), [])
        image_id = self.run_json("encode", IMAGE)["images"][0]["id"]
        (trunk,) = self.stored_files()
        answers = [self.ask(*prompt, target=target) for target in (IMAGE, image_id, trunk)]
        self.run_json("encode", IMAGE, "--profile", "detector")
        detector = trunk.with_name(trunk.name.replace("trunk", "detector"))
        trunk.unlink()
        answers += [self.ask(*prompt, target=target) for target in (IMAGE, image_id[:8], detector)]
        for answer in answers:
            self.assertEqual(answer["cache"], "disk")
            self.assert_same_masks(answer, from_image)

    def test_an_id_needs_no_image(self):
        image = self.folder / "gone.png"
        shutil.copy(IMAGE, image)
        image_id = self.run_json("encode", image)["images"][0]["id"]
        image.unlink()
        done = self.run_samcache("segment", image_id, "--text", "cat", "--threshold", "0.5")
        self.assertEqual((done.returncode, done.stderr), (DONE, ""))
        self.assertTrue((self.folder / f"{image_id}.mask0.png").exists())

    def test_an_interactive_encoding_cannot_answer_for_concepts(self):
        image_id = self.run_json("encode", IMAGE, "--profile", "interactive")["images"][0]["id"]
        (path,) = self.stored_files()
        self.assert_fails(self.run_samcache("segment", image_id, "--text", "cat"), NOT_FOUND, image_id, "concepts")
        self.assert_fails(self.run_samcache("segment", path, "--text", "cat"), FAILED, path)

    def test_every_format_has_its_files(self):
        out = self.folder / "results"
        formats = "rle,png,polygon,overlay,coco"
        answer = self.ask("--text", "cat", "--text", "dog", "--format", formats, "--out", out)
        count = len(answer["masks"])
        endings = [f"mask{i}.{form}" for i in range(count) for form in ("rle.json", "png", "polygon.json")]
        expected = [str(out / f"{IMAGE.stem}.{ending}") for ending in [*endings, "overlay.png", "coco.json"]]
        self.assertEqual(answer["files"], expected)
        self.assertEqual(sorted(map(str, out.iterdir())), sorted(expected))
        self.assertEqual(sorted(answer["masks"][0]), ["png", "polygon", "rle"])
        for png in (out / f"{IMAGE.stem}.mask0.png", out / f"{IMAGE.stem}.overlay.png"):
            self.assertEqual(png_size(png.read_bytes()), IMAGE_SIZE)

    def test_the_coco_document_says_what_the_answer_says(self):
        out = self.folder / "results"
        texts = ["cat", "dog", "a thing that is in no picture"]
        prompt = [word for text in texts for word in ("--text", text)]
        answer = self.ask(*prompt, "--format", "rle,coco", "--out", out)
        document = json.loads((out / f"{IMAGE.stem}.coco.json").read_text())
        (image,) = document["images"]
        self.assertEqual(image, {"id": 1, "file_name": IMAGE.name, "width": IMAGE_SIZE[0], "height": IMAGE_SIZE[1]})
        names = {category["id"]: category["name"] for category in document["categories"]}
        self.assertEqual(list(names.values()), texts)
        annotations = document["annotations"]
        self.assertEqual([names[one["category_id"]] for one in annotations], answer["labels"])
        self.assertEqual([one["segmentation"] for one in annotations], answer["masks"])
        self.assertEqual([one["score"] for one in annotations], answer["scores"])
        self.assertEqual([one["id"] for one in annotations], list(range(1, len(annotations) + 1)))
        for one, (x0, y0, x1, y1) in zip(annotations, answer["boxes"]):
            x, y, width, height = one["bbox"]
            self.assertAlmostEqual(x, max(x0, 0), 3)
            self.assertAlmostEqual(y + height, min(y1, IMAGE_SIZE[1]), 3)
            self.assertTrue(x + width <= IMAGE_SIZE[0] and one["image_id"] == 1 and one["iscrowd"] == 0)
            self.assertGreater(one["area"], 0)

    def test_without_text_the_coco_category_is_visual(self):
        self.run_samcache("segment", IMAGE, "--box", "20,20,60,70", "--threshold", "0", "--format", "coco")
        document = json.loads((self.folder / f"{IMAGE.stem}.coco.json").read_text())
        self.assertEqual(document["categories"], [{"id": 1, "name": "visual"}])
        self.assertEqual(len(document["annotations"]), self.QUERIES)

    def test_people_get_a_line_for_each_mask_and_a_picture(self):
        done = self.run_samcache("segment", IMAGE, "--text", "cat", "--threshold", "0")
        self.assertEqual((done.returncode, done.stderr), (DONE, ""))
        self.assertEqual(sum(line.startswith("mask ") for line in done.stdout.splitlines()), self.QUERIES)
        self.assertIn(": cat, score ", done.stdout)
        self.assertEqual(png_size((self.folder / f"{IMAGE.stem}.overlay.png").read_bytes()), IMAGE_SIZE)

    def test_prompting_changes_no_stored_byte(self):
        self.run_json("encode", IMAGE, "--profile", "trunk,detector")
        before = [path.read_bytes() for path in self.stored_files()]
        self.ask("--text", "cat", "--box", "20,20,60,70")
        self.assertEqual([path.read_bytes() for path in self.stored_files()], before)


class WrongConcepts(CommandLineTest):
    def assert_wrong(self, arguments, *words, target=IMAGE):
        self.assert_fails(self.run_samcache("segment", target, *arguments), USAGE, *words)

    def test_prompts_that_ask_for_nothing_are_wrong_usage(self):
        self.assert_wrong(["--text", ""], "empty")
        self.assert_wrong(["--text", " \t"], "empty")
        self.assert_wrong(["--mode", "concept"], "--text")
        self.assert_wrong(["--box", "1,1,9,9,neg"], "negative")

    def test_what_is_not_part_of_the_mode_is_wrong_usage(self):
        box = ["--box", "1,1,9,9"]
        for arguments, word in (
            (["--text", "cat", "--mode", "interactive"], "--text"),
            (["--text", "cat", "--mask", "mask.png"], "--mask"),
            ([*box, "--mode", "concept", "--mask", "mask.png"], "--mask"),
            ([*box, "--multimask"], "--multimask"),
            (["--text", "cat", "--save-mask-input", "logits.safetensors"], "--save-mask-input"),
            (["--point", "1,1", "--threshold", "0.5"], "--threshold"),
            (["--point", "1,1", "--max-masks", "5"], "--max-masks"),
            (["--box", "1,1,9,9,neg", "--mode", "interactive"], "--mode concept"),
            (["--point", "1,1", *box, *box], "--mode concept"),
        ):
            self.assert_wrong(arguments, word)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_malformed_values_are_wrong_usage_and_name_the_text(self):
        for option, value in (
            ("--box", "50,50,10,10"),
            ("--box", "10,10,10,20"),
            ("--box", "nan,1,9,9"),
            ("--box", "1,1,9,inf"),
            ("--box", "1,1,9,9,pos"),
            ("--threshold", "2"),
            ("--threshold", "-0.1"),
            ("--threshold", "nan"),
            ("--threshold", "high"),
            ("--max-masks", "-1"),
            ("--max-masks", "1.5"),
            ("--format", "coco,coco"),
        ):
            self.assert_wrong(["--text", "cat", f"{option}={value}"], value if option == "--box" else option[2:5])

    def test_a_value_left_empty_does_not_swallow_the_next_option(self):
        self.assert_wrong(["--text=", "--json"], "--text=")

    def test_points_need_weights_that_hugging_face_leaves_out_and_say_so_before_anything_is_encoded(self):
        arguments = ["--text", "cat", "--mode", "concept", "--point", "1,1"]
        self.assert_fails(self.run_samcache("segment", IMAGE, *arguments), FAILED, "cannot take points")
        self.assertEqual(self.stored_files(), [])
        self.run_json("segment", IMAGE, *arguments, model=TEST_DATA / "tiny_meta")

    def test_exemplars_outside_the_picture_are_wrong_usage_before_anything_is_encoded(self):
        for arguments in (
            ["--box", "0,0,151,5"],
            ["--text", "cat", "--box", "-1,0,10,10"],
            ["--box", "1,1,9,9", "--box", "0,0,10,1e30,neg"],
        ):
            self.assert_wrong(arguments, "150x113")
        self.assertEqual(self.stored_files(), [])
        self.run_json("encode", IMAGE)
        self.assert_wrong(["--box", "0,0,151,5"], "150x113")

    def test_too_much_of_anything_is_wrong_usage(self):
        many = [f"--box={i % 50},1,{i % 50 + 9},9" for i in range(10_000)]
        self.assert_wrong(many, "10000", "256")
        self.assert_wrong(["--text", "cat " * 30_000], "4096")
        self.assert_wrong(["--text", "cat", "--text", "cat"], "twice")

    def test_a_text_of_bytes_that_are_no_text_is_wrong_usage(self):
        self.assert_wrong(["--text", "\udcff\udcfe"], "UTF-8")

    def test_files_for_json_need_a_folder(self):
        for name in ("coco", "overlay"):
            self.assert_wrong(["--text", "cat", "--json", "--format", name], "--out")

    def test_a_model_without_a_tokenizer_says_so(self):
        bare = self.folder / "bare"
        shutil.copytree(MODEL, bare, ignore=shutil.ignore_patterns("bpe_*"))
        done = self.run_samcache("segment", IMAGE, "--text", "cat", model=bare)
        self.assert_fails(done, FAILED, "bpe_simple_vocab_16e6.txt.gz")


class WrongTargets(CommandLineTest):
    def test_what_is_not_there_is_not_found(self):
        for target in ("nowhere.png", "00000000", "00000000-0000-8000-8000-000000000000", "nowhere.safetensors"):
            self.assert_fails(self.run_samcache("segment", target, "--point", "1,1"), NOT_FOUND, target)

    def test_a_broken_image_fails(self):
        broken = self.folder / "broken.png"
        broken.write_bytes(IMAGE.read_bytes()[:900])
        self.assert_fails(self.run_samcache("segment", broken, "--point", "1,1"), FAILED, broken)
        self.assertEqual(self.stored_files(), [])

    def test_a_damaged_encoding_file_fails(self):
        self.run_json("encode", IMAGE)
        (path,) = self.stored_files()
        good = path.read_bytes()
        damaged = self.folder / "damaged.safetensors"
        for content in (good[:-1], good[:100], b"", good + b"x", good[:-1] + bytes([good[-1] ^ 1])):
            damaged.write_bytes(content)
            self.assert_fails(self.run_samcache("segment", damaged, "--point", "1,1"), FAILED, damaged)

    def test_an_encoding_of_another_model_is_refused(self):
        other = self.folder / "other"
        shutil.copytree(os.path.join(os.environ["SAMCACHE_TEST_DATA"], "tiny_hf"), other)
        header, data_bytes = safetensors_header(other / "model.safetensors")
        weights = bytearray((other / "model.safetensors").read_bytes())
        used = next(value for key, value in header.items() if "layers.0.mlp.fc1.weight" in key)
        weights[len(weights) - data_bytes + used["data_offsets"][0] + 2] ^= 1
        (other / "model.safetensors").write_bytes(weights)
        image_id = self.run_json("encode", IMAGE, model=other)["images"][0]["id"]
        (path,) = self.stored_files()
        self.assert_fails(self.run_samcache("segment", path, "--point", "1,1"), FAILED, "another model")
        self.assert_fails(self.run_samcache("segment", image_id, "--point", "1,1"), NOT_FOUND, image_id)

    def test_an_ambiguous_id_says_so(self):
        image_id = self.run_json("encode", IMAGE)["images"][0]["id"]
        (path,) = self.stored_files()
        neighbour = image_id[:-1] + ("0" if image_id[-1] != "0" else "1")
        shutil.copy(path, path.with_name(path.name.replace(image_id, neighbour)))
        self.assert_fails(self.run_samcache("segment", image_id[:8], "--point", "1,1"), USAGE, image_id[:8])


if __name__ == "__main__":
    unittest.main()
