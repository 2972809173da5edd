"""Every lesson can be begun: its settings are valid, its link opens a page that is there."""

from dataclasses import replace

import pytest
from file_tree import ROOT

from eegnets.config import DataConfig, InputError
from eegnets.lessons import DATA, LESSONS, address
from eegnets.sources import SOURCES, check

ASKED = check(DataConfig("simulated", ("A",)))  # as a run stores it


@pytest.mark.parametrize("name", list(LESSONS))
def test_its_runs_differ_in_the_varied_setting_and_the_seed_alone(name):
    lesson = LESSONS[name]
    configs = lesson.configs(ASKED)
    assert len(configs) == max(1, len(lesson.values)) * len(lesson.seeds)
    assert len({str(config.to_dict()) for config in configs}) == len(configs)
    same = {"seed": 0} | ({lesson.varied: lesson.values[0]} if lesson.varied else {})
    assert len({str(config.with_(**same).to_dict()) for config in configs}) == 1


@pytest.mark.parametrize("name", list(LESSONS))
def test_its_page_and_data_are_there_and_the_epochs_can_be_chosen(name):
    lesson = LESSONS[name]
    assert (ROOT / "pages" / f"{lesson.page}.py").is_file()
    assert DATA["source"] in SOURCES
    assert address(name)["lesson"] == name
    assert {config.training.epochs for config in lesson.configs(ASKED, 2)} == {2}
    with pytest.raises(InputError, match="epochs"):
        lesson.configs(ASKED, 0)


@pytest.mark.parametrize("name", list(LESSONS))
def test_it_is_short(name):
    """Epochs of one person, of which one thread makes two a second on the machine that README.md tells of."""
    configs = LESSONS[name].configs(ASKED)
    assert sum(config.training.epochs * len(config.data.subjects) for config in configs) <= 110


@pytest.mark.parametrize("name", list(LESSONS))
def test_it_knows_its_own_runs_and_nobody_elses(name):
    lesson = LESSONS[name]
    configs = lesson.configs(ASKED)
    stored = [replace(config.with_(threads=2, epochs=3), data=check(config.data)) for config in configs]
    assert all(map(lesson.owns, stored))
    assert not lesson.owns(configs[0].with_(momentum=0.5))
    others = [config for other in LESSONS.values() if other is not lesson for config in other.configs(ASKED)]
    assert not all(lesson.owns(config) for config in others)
