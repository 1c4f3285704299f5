# Whoever embeds a node gets lanchat::node, its public headers, and nothing else.
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile

from lanchat import ECHO_BOT, SANITIZED, SOURCE, Chat, environment
from process import Process
from runner import Skip, check, check_equal, main, test, within

BUILD = os.path.dirname(os.path.dirname(ECHO_BOT))
FLAGS = ["-Wall", "-Wextra", "-Werror"]  # the embedder's own


def _run(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=within(200), check=False)
    check_equal(done.returncode, 0, f"exit code of {argv}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _compiler():
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        return re.search(r"^CMAKE_CXX_COMPILER:\w+=(.*)$", cache.read(), re.M).group(1)


def _configure(source, build, *options):
    _run("cmake", "-G", "Ninja", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=Release",
         f"-DCMAKE_CXX_COMPILER={_compiler()}", f"-DCMAKE_CXX_FLAGS={' '.join(FLAGS)}", *options)


def _need_build():
    if SANITIZED or not os.access(ECHO_BOT, os.X_OK):
        raise Skip("a release build of echo_bot is not there")


def _command_of_bot(build):
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        found = [one for one in json.load(file) if one["file"].endswith("/echo_bot.cpp")]
    return shlex.split(found[0]["command"])


# The tree's targets and variables are compared in embedder/CMakeLists.txt.
@test
def a_tree_that_embeds_a_node_stays_its_owners():
    _need_build()
    with tempfile.TemporaryDirectory(prefix="lanchat-embedder-") as folder:
        _configure(os.path.join(SOURCE, "tests", "functional", "embedder"), folder,
                   f"-DLANCHAT_SOURCE={SOURCE}", "-DBUILD_TESTING=ON")

        listed = _run("ctest", "--test-dir", folder, "-N")
        check_equal(re.findall(r"Test +#\d+: (.*)", listed), ["own"], "tests of the embedder")
        command = _command_of_bot(folder)
        flags = [word for word in command[1:-4] if not word.startswith(("-DASIO_", "-std="))]
        check_equal(flags, [f"-I{folder}/lanchat/include", *FLAGS, "-O3", "-DNDEBUG"],
                    "flags of the embedder's file")
        link = _run("ninja", "-C", folder, "-t", "commands", "bot").splitlines()[-1]
        check(" -o bot " in link, f"no command that links: {link}")
        for option in ("relro", "mold", "sanitize"):
            check(option not in link, f"{option} in {link}")
        _run("cmake", "--build", folder, "--target", command[-3])
        check_equal(os.listdir(f"{folder}/lanchat/include"), ["lanchat"], "what can be included")


def _project_of_readme(folder):
    """What README shows, with the echo bot as the program."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as file:
        lists = re.search(r"^ *```cmake\n(.*?)```", file.read(), re.M | re.S).group(1)
    source = re.search(r"(\w+)\.cpp", lists).group(1)
    with open(os.path.join(folder, "CMakeLists.txt"), "w", encoding="utf-8") as file:
        file.write(lists)
    shutil.copy(os.path.join(SOURCE, "examples", "echo_bot.cpp"),
                os.path.join(folder, source + ".cpp"))
    return source


@test
def an_installed_node_is_found_linked_and_answers():
    _need_build()
    with tempfile.TemporaryDirectory(prefix="lanchat-embedder-") as folder:
        prefix, build = os.path.join(folder, "installed"), os.path.join(folder, "build")
        _run("cmake", "--install", BUILD, "--prefix", prefix)
        check(os.access(f"{prefix}/bin/lanchat", os.X_OK), "no program")
        check_equal(sorted(os.listdir(f"{prefix}/share/doc/lanchat/examples")),
                    ["localhost.json", "office-lan.json"], "examples")
        check_equal(os.listdir(f"{prefix}/include"), ["lanchat"], "what can be included")
        check(not os.path.exists(f"{prefix}/include/lanchat/controller/room.hpp"),
              "headers that are not public are installed")
        program = _project_of_readme(folder)

        _configure(folder, build, f"-DCMAKE_PREFIX_PATH={prefix}")
        _run("cmake", "--build", build)

        with Chat(ports=2, ip="127.0.0.1") as chat:
            alice = chat.node("alice")
            chat.adopt(Process([os.path.join(build, program), chat.range, "parrot"],
                               env=environment(chat.home())))
            alice.wait_linked(1)
            alice.say("polly")
            alice.wait_text("echo: polly")


main()
