"""The places that can be simulated, each written by hand from its own document, by the name of its policy pack."""

from collections.abc import Mapping

from simulator.localities.anon_city import ANON_CITY
from simulator.localities.locality import Locality
from simulator.localities.luoshan import LUOSHAN
from simulator.localities.national import NATIONAL
from simulator.localities.shantou import SHANTOU

LOCALITIES: Mapping[str, Locality] = {each.pack: each for each in (LUOSHAN, ANON_CITY, SHANTOU, NATIONAL)}
FIRST = LUOSHAN.pack
