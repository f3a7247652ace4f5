"""How many frames each of DAVIS 2016's 50 sequences has: 3455 in all."""

from __future__ import annotations

from collections.abc import Mapping


def _table(text: str) -> Mapping[str, int]:
    words = text.split()
    return {name: int(count) for name, count in zip(words[::2], words[1::2], strict=True)}


TRAIN = _table("""
    bear 82 bmx-bumps 90 boat 75 breakdance-flare 71 bus 80 car-turn 80 dance-jump 60
    dog-agility 25 drift-turn 64 elephant 80 flamingo 80 hike 80 hockey 75 horsejump-low 60
    kite-walk 80 lucia 70 mallard-fly 70 mallard-water 80 motocross-bumps 60 motorbike 43
    paragliding 70 rhino 90 rollerblade 35 scooter-gray 75 soccerball 48 stroller 91 surf 55
    swing 60 tennis 70 train 80
""")

VAL = _table("""
    blackswan 50 bmx-trees 80 breakdance 84 camel 90 car-roundabout 75 car-shadow 40 cows 104
    dance-twirl 90 dog 60 drift-chicane 52 drift-straight 50 goat 90 horsejump-high 50
    kite-surf 50 libby 49 motocross-jump 40 paragliding-launch 80 parkour 100 scooter-black 43
    soapbox 99
""")
