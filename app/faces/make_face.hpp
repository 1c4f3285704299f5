// The only place that knows which faces there are.
#pragma once

#include <memory>

#include "app/faces/face.hpp"
#include "config/config.hpp"

namespace lanchat::app {

// The face that the settings ask for. `quiet`: no notes about comings and goings.
std::unique_ptr<Face> make_face(const UiConfig& ui, bool quiet, Surface surface);

}  // namespace lanchat::app
