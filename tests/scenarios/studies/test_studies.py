"""The shell of studies: asking, options, storing, reporting, and the command."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import commonweal.figures.studies
from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.figures import printing
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.scenario import field
from commonweal.scenarios.studies import STUDIES, Answer, Question, Study, StudyOptions, ask, study
from commonweal.scenarios.studies.answers import read, save
from commonweal.scenarios.studies.options import described, read_options
from commonweal.scenarios.studies.report import as_html, as_markdown, shown


class ToyOptions(StudyOptions):
    size: int = field(3, "how many rows", "rows", ge=1, le=100)
    names: tuple[str, ...] = field(("a",), "what they are called", "names")


def toy(question: Question) -> Answer:
    """Does the shell carry an answer from the question to the reader?"""
    if question.scenario.name == "poisoners":
        raise InputError("toy-of-the-tests: makes no sense of poisoners")
    for done in range(question.options.size):
        question.tell("counting", done + 1, question.options.size)
    rows = pd.DataFrame(
        {
            "who": [f"<{i}>" for i in range(question.options.size)],
            "gain": np.linspace(0, 1, question.options.size),
            "gain_low": -0.5,
            "gain_high": 1.5,
            "good": True,
        }
    )
    return Answer("toy-of-the-tests", f"{len(question.seeds)} seeds & an answer", {"rows": rows}, ("a | note",))


TOY = Study(toy, ToyOptions)
REGISTERED = list(STUDIES)


@pytest.fixture(autouse=True, scope="module")
def _registered():
    study("toy-of-the-tests", ToyOptions)(toy)
    yield
    del STUDIES._plugs["toy-of-the-tests"]


@pytest.fixture
def answer() -> Answer:
    return ask("toy-of-the-tests", "commons", seeds=[3, 5], overrides={"rounds": 7}, size=2)


class TestAsking:
    def test_an_answer_says_where_it_comes_from(self, answer):
        assert answer.provenance["seeds"] == [3, 5]
        assert answer.provenance["scenario"] == "commons"
        assert answer.provenance["document"]["rounds"] == 7
        assert answer.provenance["options"] == {"size": 2, "names": ["a"]}
        assert answer.provenance["seconds"] >= 0

    def test_a_number_of_seeds_means_the_first_so_many(self):
        assert ask("toy-of-the-tests", load("commons"), seeds=3).provenance["seeds"] == [0, 1, 2]

    def test_progress_is_told(self):
        told = []
        ask("toy-of-the-tests", "commons", tell=lambda *step: told.append(step))
        assert told == [("counting", 1, 3), ("counting", 2, 3), ("counting", 3, 3)]

    @pytest.mark.parametrize(
        ("asked", "complaint"),
        [
            ({"study": "toy-of-the-test"}, "did you mean 'toy-of-the-tests'"),
            ({"scenario": "comons"}, "did you mean 'commons'"),
            ({"seeds": []}, "must be a count of at least 1, or different whole numbers from 0"),
            ({"seeds": [1, 1]}, "must be a count of at least 1, or different whole numbers from 0"),
            ({"size": 0}, "option size = 0: must be a whole number between 1 and 100"),
            ({"size": "many"}, "option size = 'many': must be a whole number"),
            ({"sise": 2}, "unknown option 'sise': there are size, names; did you mean 'size'?"),
            ({"scenario": "poisoners"}, "makes no sense of poisoners"),
        ],
    )
    def test_what_cannot_be_asked_is_refused_in_one_line(self, asked, complaint):
        with pytest.raises(InputError) as refusal:
            ask(**{"study": "toy-of-the-tests", "scenario": "commons", **asked})
        assert complaint in str(refusal.value) and "\n" not in str(refusal.value)


class TestOptions:
    def test_options_are_read_from_values_and_from_texts_alike(self):
        given = {"size": 5, "names": ["x", "y"]}
        assert read_options(TOY, given) == read_options(TOY, ["size=5", "names=['x', 'y']"])

    def test_every_option_is_described_with_default_unit_and_bounds(self):
        lines = list(described(TOY))
        assert lines[0] == ("size = 3", "rows", "how many rows; a whole number between 1 and 100")

    @pytest.mark.parametrize("name", REGISTERED)
    def test_every_registered_study_describes_itself_and_its_options(self, name):
        assert STUDIES[name].about.endswith(("?", "."))
        for option, _, description in described(STUDIES[name]):
            assert len(description.split(";")[0]) > 5, option
        read_options(STUDIES[name], {})

    @pytest.mark.parametrize("name", REGISTERED)
    def test_every_registered_study_has_figures(self, name):
        assert commonweal.figures.studies.module_of(name) is not None


class TestReport:
    def test_an_estimate_is_shown_with_its_interval(self, answer):
        texts = shown(answer.tables["rows"])
        assert list(texts.columns) == ["who", "gain", "good"]
        assert texts["gain"].tolist() == ["0.0 [-0.5, 1.5]", "1.0 [-0.5, 1.5]"]
        assert texts["good"].tolist() == ["yes", "yes"]

    def test_an_estimate_without_an_interval_is_shown_alone(self):
        table = pd.DataFrame({"gain": [1.0], "gain_low": [np.nan], "gain_high": [np.nan]})
        assert shown(table)["gain"].tolist() == ["1"]

    def test_long_tables_say_how_much_is_left_out(self):
        long = Answer("toy", "", {"rows": pd.DataFrame({"n": range(50)})}, provenance={})
        assert "and 10 more rows in rows.parquet" in as_markdown(long, {})

    def test_html_escapes_what_it_shows(self, answer):
        page = as_html(answer, {})
        assert "&lt;0&gt;" in page and "<0>" not in page and "2 seeds &amp; an answer" in page

    def test_html_needs_no_other_file(self, answer, tmp_path):
        def draw(answer: Answer, folder: Path) -> dict[str, Path]:
            return {"picture": printing.save(Figure(figsize=(1, 1)), folder / "picture.png")}

        files = save(answer, tmp_path / "out", draw)
        page = (tmp_path / "out" / "report.html").read_text()
        assert "data:image/png;base64," in page and "http" not in page.replace("https://schema", "")
        kept = {"about.json", "rows.parquet", "picture.png", "report.md", "report.html"}
        assert {file.name for file in files} == kept

    def test_markdown_keeps_its_table_whole_when_a_cell_holds_a_bar(self):
        table = as_markdown(Answer("toy", "", {"rows": pd.DataFrame({"a": ["x|y"]})}), {})
        assert "x\\|y" in table


class TestStoring:
    def test_an_answer_comes_back_as_it_was_kept(self, answer, tmp_path):
        save(answer, tmp_path / "out")
        again = read(tmp_path / "out")
        pd.testing.assert_frame_equal(again.tables["rows"], answer.tables["rows"])
        assert (again.headline, again.notes, again.study) == (answer.headline, answer.notes, answer.study)
        assert again.provenance == answer.provenance

    def test_foreign_folders_are_not_touched(self, answer, tmp_path):
        (tmp_path / "mine.txt").write_text("precious")
        with pytest.raises(InputError, match="is not empty"):
            save(answer, tmp_path)
        assert (tmp_path / "mine.txt").read_text() == "precious"

    def test_results_of_a_run_are_not_an_answer(self, tmp_path):
        (tmp_path / "about.json").write_text(json.dumps({"commonweal": "0.1.0"}))
        with pytest.raises(InputError, match="not those of a study"):
            read(tmp_path)


class TestCommand:
    def test_without_a_name_studies_are_listed(self, capsys):
        assert main(["study"]) == 0
        assert "toy-of-the-tests" in capsys.readouterr().out

    def test_without_a_scenario_options_are_listed(self, capsys):
        assert main(["study", "toy-of-the-tests"]) == 0
        assert "how many rows; a whole number between 1 and 100" in capsys.readouterr().out

    def test_an_answer_is_shown_and_kept(self, capsys, tmp_path):
        words = ["study", "toy-of-the-tests", "commons", "--seeds", "2", "-o", "size=4", "--out", str(tmp_path / "out")]
        assert main(words) == 0
        printed = capsys.readouterr().out
        assert "2 seeds & an answer" in printed and "note: a | note" in printed and "report.html" in printed
        assert read(tmp_path / "out").provenance["command"] == words

    def test_an_answer_that_is_kept_is_shown_again_asked_and_written(self, answer, capsys, tmp_path):
        out = tmp_path / "out"
        save(answer, out)
        assert main(["results", str(out)]) == 0
        printed = capsys.readouterr().out
        assert answer.headline in printed and "note: " in printed
        assert main(["results", str(out), "--sql", "SELECT who, gain FROM rows WHERE gain > 0"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 3
        assert main(["results", str(out), "--csv", str(tmp_path / "rows.csv")]) == 0
        assert len(pd.read_csv(tmp_path / "rows.csv")) == len(answer.tables["rows"])
        capsys.readouterr()
        for words, said in ((["--run", "3"], "holds the answer of a study, not runs"),
                            (["--sql", "SELECT * FROM runs"], "runs does not exist"),
                            (["--csv", str(out / "rows.parquet")], "is part of the results themselves")):  # fmt: skip
            assert main(["results", str(out), *words]) == 2
            assert said in capsys.readouterr().err

    def test_rows_that_are_left_out_are_shown_by_all(self, answer, capsys, tmp_path):
        long = replace(answer, tables={"rows": pd.DataFrame({"number": range(100)})})
        save(long, tmp_path / "out")
        assert main(["results", str(tmp_path / "out")]) == 0
        assert "more rows: --all shows them" in capsys.readouterr().out
        assert main(["results", str(tmp_path / "out"), "--all"]) == 0
        assert {"0", "57", "99"} <= set(capsys.readouterr().out.split())

    def test_rounds_are_those_that_the_study_plays(self, monkeypatch):
        asked = []
        monkeypatch.setattr("commonweal.commands.study.conduct_study", asked.append)
        for name in REGISTERED:
            assert main(["study", name, "commons", "--rounds", "7"]) == 0
            lasts, request = STUDIES[name].lasts, asked.pop()
            assert (request.changes, request.options) == (({}, {lasts: 7}) if lasts else ({"rounds": 7}, {}))
            assert not lasts or read_options(STUDIES[name], request.options).model_dump()[lasts] == 7
        assert {STUDIES[name].lasts for name in REGISTERED} == {"", "horizon", "rounds"}

    @pytest.mark.parametrize(
        ("words", "complaint"),
        [
            (["attacks", "commons", "--rounds", "5", "-o", "horizon=5"], "--rounds 5 is short for -o horizon=5"),
            (["toy-of-the-tests", "commons", "-o", "size"], "size"),
            (["toy-of-the-tests", "commons", "-o", "size=0"], "option size = 0"),
            (["toy-of-the-tests", "commons", "--set", "market.prise=1"], "market.prise"),
            (["toy-of-the-tests", "poisoners"], "makes no sense"),
            (["nothing", "commons"], "unknown study 'nothing'"),
            (["nothing"], "unknown study 'nothing'"),
            (["toy-of-the-tests", "commons", "--until-width", "0.1"], "no interval to narrow"),
            (["toy-of-the-tests", "commons", "--seeds", "none"], "seeds"),
        ],
    )
    def test_bad_input_is_one_line_and_status_2_and_leaves_nothing(self, words, complaint, capsys, tmp_path):
        out = tmp_path / "out"
        assert main(["study", *words, *(["--out", str(out)] if len(words) > 1 else [])]) == 2
        printed = capsys.readouterr().err
        assert complaint in printed and printed.count("\n") == 1
        assert not out.exists()
