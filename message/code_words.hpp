// The words of a short code: short, plain, and not to be taken for each other when read aloud.
#pragma once

#include <array>
#include <string_view>

namespace lanchat {

inline constexpr std::array<std::string_view, 256> code_words{
    "acid",    "actor",    "album",    "amber",    "angle",   "apple",    "april",     "arena",
    "arrow",   "aspen",    "atlas",    "attic",    "award",   "bacon",    "badge",     "bagel",
    "balcony", "bamboo",   "banana",   "barrel",   "basket",  "beach",    "beaver",    "berry",
    "bicycle", "bishop",   "blanket",  "blossom",  "bottle",  "branch",   "bread",     "bridge",
    "bronze",  "bucket",   "butter",   "cabin",    "cactus",  "camel",    "candle",    "canvas",
    "cargo",   "carpet",   "castle",   "cedar",    "cello",   "chalk",    "cherry",    "chess",
    "chimney", "cinema",   "circus",   "citrus",   "clover",  "coast",    "cobra",     "coffee",
    "comet",   "copper",   "coral",    "cotton",   "cousin",  "cradle",   "crayon",    "cricket",
    "crystal", "curtain",  "daisy",    "dancer",   "deputy",  "desert",   "diamond",   "dinner",
    "doctor",  "dolphin",  "donkey",   "dragon",   "drama",   "dream",    "drum",      "eagle",
    "earth",   "echo",     "elbow",    "elephant", "engine",  "envelope", "evening",   "fabric",
    "falcon",  "farmer",   "feather",  "fiddle",   "finger",  "flame",    "flute",     "forest",
    "fossil",  "fountain", "fox",      "frost",    "furnace", "galaxy",   "garden",    "garlic",
    "gecko",   "giraffe",  "glacier",  "globe",    "goblet",  "grape",    "guitar",    "hammer",
    "harbor",  "hazel",    "helmet",   "hero",     "hockey",  "honey",    "horizon",   "hotel",
    "hunter",  "iceberg",  "igloo",    "insect",   "iris",    "island",   "ivory",     "jacket",
    "jaguar",  "jasmine",  "jelly",    "jigsaw",   "judge",   "jungle",   "kayak",     "kettle",
    "kidney",  "king",     "kitchen",  "kiwi",     "ladder",  "lagoon",   "lantern",   "laptop",
    "lemon",   "leopard",  "library",  "lily",     "lizard",  "lobster",  "lotus",     "magnet",
    "mango",   "maple",    "marble",   "market",   "meadow",  "medal",    "melon",     "meteor",
    "mirror",  "motor",    "museum",   "mushroom", "mustard", "napkin",   "nectar",    "needle",
    "nickel",  "ninja",    "notebook", "oasis",    "ocean",   "olive",    "onion",     "opera",
    "orbit",   "orchid",   "otter",    "oxygen",   "oyster",  "palace",   "panda",     "paper",
    "parrot",  "pebble",   "pencil",   "penguin",  "pepper",  "piano",    "pigeon",    "pilot",
    "pirate",  "planet",   "plum",     "polar",    "potato",  "prince",   "pumpkin",   "puzzle",
    "pyramid", "quartz",   "queen",    "rabbit",   "radio",   "rainbow",  "raven",     "ribbon",
    "river",   "robot",    "ruby",     "saddle",   "salmon",  "saturn",   "saxophone", "school",
    "scooter", "shadow",   "sheriff",  "silver",   "sketch",  "spider",   "sponge",    "squirrel",
    "station", "sugar",    "summer",   "sunset",   "swan",    "table",    "tailor",    "teapot",
    "temple",  "thunder",  "tiger",    "timber",   "tomato",  "tractor",  "tulip",     "tunnel",
    "turtle",  "umbrella", "uncle",    "valley",   "velvet",  "village",  "violin",    "volcano",
    "walnut",  "walrus",   "whale",    "window",   "winter",  "wolf",     "yogurt",    "zebra"};

}  // namespace lanchat
