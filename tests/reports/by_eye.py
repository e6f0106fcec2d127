"""Files of the collection whose row states no value, or a wrong one: what a person reads in them."""

from __future__ import annotations

from typing import Any

_EDALIZE = "2019.2__olofk-edalize/tests/test_reporting/data"
_DE10, _CYCLONE10, _CYCLONE4 = (
    f"{_EDALIZE}/{name}"
    for name in (
        "linux-on-litex-vexriscv/de10nano/top",
        "picorv32/quartus-cyclone10/picorv32_wrap_0_1",
        "picorv32/quartus-cyclone4/picorv32_wrap_0_1",
    )
)
_KEB = "2018.2-2019.2.1__Keb-L-hls4ml-data/latency_analysis"
_ONEAPI = "2020.1__fastmachinelearning-hls4ml/test/pytest/test_report/oneAPI"
_ALEZANDER = "2022.2-2023.1__Alezander9-ML_FPGAonPixel/HLS/src"
_BOYIWEI = "2022.2__boyiwei-Sort-Acceleration/solution1/impl"
_EXPORT = f"{_BOYIWEI}/report/verilog/export_syn.rpt"

# File: quantity to value; a quantity is a path of attributes, keys and indices.
BY_EYE: dict[str, dict[str, Any]] = {
    f"{_KEB}/core/model16/vsynth/myproject_timing_synth.rpt": {
        "tool": "Vivado",
        "version": "2018.2",
        "top": "myproject",
        "part": "xcvu9p-flgb2104",
        "stage": "synth",
        "clock_ns.target": 5.0,
        "clock_ns.slack": 1.093,
    },
    f"{_KEB}/phil/model8/vsynth/myproject_timing_synth.rpt": {
        "tool": "Vivado",
        "version": "2018.2",
        "top": "myproject",
        "part": "xcvu9p-flgb2104",
        "stage": "synth",
        "clock_ns.target": 5.0,
        "clock_ns.slack": 1.616,
    },
    f"{_DE10}.sta.rpt": {
        "version": "18.1.0",
        "part": "5CSEBA6U23I7",
        "stage": "route",
        "clock_ns.target": 20.0,
        "clock_ns.slack": 5.642,
        "clock_ns.achieved": 14.358,
        "timing.hold_slack": 0.124,
        "timing.pulse_slack": 8.442,
        "timing.setup_total": 0.0,
    },
    f"{_CYCLONE10}.sta.rpt": {
        "version": "19.1.0",
        "part": "10CX220YF780E5G",
        "stage": "route",
        "clock_ns.target": 5.714,
        "clock_ns.slack": -1.886,
        "clock_ns.achieved": 7.6,
        "timing.hold_slack": 0.019,
        "timing.pulse_slack": 2.397,
        "timing.setup_total": -4.292,
    },
    f"{_CYCLONE4}.sta.rpt": {
        "version": "18.1.0",
        "part": "EP4CE22F17C6",
        "stage": "route",
        "clock_ns.target": 5.714,
        "clock_ns.slack": -0.538,
        "clock_ns.achieved": 6.252,
        "timing.hold_slack": 0.178,
        "timing.pulse_slack": 1.714,
        "timing.setup_total": -7.627,
    },
    f"{_DE10}.fit.rpt": {
        "version": "18.1.0",
        "part": "5CSEBA6U23I7",
        "top": "top",
        "stage": "route",
        "resources.LUT.used": 4317,
        "resources.FF.used": 3821,
        "resources.DSP.used": 4,
        "resources.DSP.available": 112,
        "resources.BRAM_18K.used": None,  # 87 / 553 blocks of 10 Kb
    },
    f"{_CYCLONE10}.fit.rpt": {
        "version": "19.1.0",
        "part": "10CX220YF780E5G",
        "top": "picorv32",
        "stage": "route",
        "resources.LUT.used": 1137,
        "resources.FF.used": 761,
        "resources.DSP.used": 0,
        "resources.DSP.available": 192,
        "resources.BRAM_18K.used": None,  # 2 / 587 blocks of 20 Kb
    },
    f"{_CYCLONE4}.fit.rpt": {
        "version": "18.1.0",
        "part": "EP4CE22F17C6",
        "top": "picorv32",
        "stage": "route",
        "resources.LUT.used": 1584,
        "resources.LUT.available": 22320,
        "resources.FF.used": 649,
        "resources.DSP.used": None,  # 0 / 132 multipliers of 9 bits
        "resources.BRAM_18K.used": None,  # 2,048 / 608,256 bits
    },
    _EXPORT: {
        "version": "2022.2",
        "part": "xcu280-fsvh2892-2L-e",
        "stage": "synth",
        "clock_ns.target": 10.0,
        "clock_ns.achieved": 2.503,  # printed as "Post-Route", but only synthesis was run
        "timing.met": True,
        "resources.LUT.used": 773,
        "resources.FF.used": 603,
        "resources.DSP.used": 0,
        "resources.BRAM_18K.used": 0,
        "resources.URAM.used": 0,
    },
    f"{_ONEAPI}/quartus.ndjson": {
        "clock_ns.achieved": 1.673,  # 597.73 MHz
        "resources.LUT.used": 4182,
        "resources.FF.used": 16419,
        "resources.DSP.used": 40,
        "resources.BRAM_18K.used": None,  # 36 blocks of 20 Kb
    },
    f"{_ONEAPI}/summary.ndjson": {
        "resources.LUT.used": 2462,
        "resources.LUT.available": 974400,
        "resources.FF.used": 7938,
        "resources.FF.available": 1948800,
        "resources.DSP.used": None,  # 0, and 80 that are parts of one
    },
    f"{_ONEAPI}/loop_attr.ndjson": {
        f"modules.{number}.{what}": value
        for number, cycles in ((0, 176), (1, 159), (2, 200))
        for what, value in {
            "modules.0.latency_cycles.max": 17,
            "modules.1.loop.iteration_latency_max": cycles,
            "modules.1.interval_cycles.max": 1,
        }.items()
    },
    "catapult__PatriChou-lab2-2-Edge-Map/rtl.rpt": {
        "version": "2024.1",
        "top": "EdgeDetect_IP::EdgeDetect_Top",
        "clock_ns.target": 10.0,
        "clock_ns.slack": 1.755,
        "latency_cycles.max": 6,
        "interval_cycles.max": 6,
        "resources.LUT.used": None,  # scores of an estimate, with decimals
        "resources.DSP.used": None,
    },
}

# File: what the error says it is.
REFUSED = {
    f"{_KEB}/core/model16/csynth/model16_rf4_core_latency11.txt": "a console log of HLS",
    f"{_KEB}/phil/model8/csynth/model8_phil_csynth_11.log": "a console log of HLS",
    "2020.1__fastmachinelearning-hls4ml/test/pytest/test_report/Vivado/vivado_hls.app": "a project file of Vivado HLS",
    f"{_ALEZANDER}/alex_model/myproject_prj/solution1/syn/report/csynth_design_size.rpt": "csynth_design_size.rpt",
    f"{_ALEZANDER}/cnn_large/myproject_prj/solution1/syn/report/csynth_design_size.rpt": "csynth_design_size.rpt",
    f"{_ALEZANDER}/cnn_small/myproject_prj/solution1/syn/report/csynth_design_size.rpt": "csynth_design_size.rpt",
    "2024.2__SiddharthAG2005-cnn-accelerator-vitis-hls/reports/csynth_design_size.rpt": "csynth_design_size.rpt",
    f"{_BOYIWEI}/verilog/report/single_heap_sort_failfast_synth.rpt": "the output of report_failfast",
    "notareport__dfurle-HitWarrior/csynth.rpt": "the name of another file",
}

# Rows that are themselves wrong. File: key to what the row states, and the line of the file that proves otherwise.
# A report of the fitter or of an export is no timing summary, and none of them says that timing is not met.
WRONG_ROWS: dict[str, dict[str, tuple[Any, str]]] = {
    f"{_DE10}.fit.rpt": {"met": (False, "Fitter report for top\n"), "kind": ("timing", "; Fitter Summary ")},
    f"{_CYCLONE10}.fit.rpt": {
        "met": (False, "Fitter report for picorv32_wrap_0_1\n"),
        "kind": ("timing", "; Fitter Summary "),
    },
    f"{_CYCLONE4}.fit.rpt": {
        "met": (False, "Fitter report for picorv32_wrap_0_1\n"),
        "kind": ("timing", "; Fitter Summary "),
    },
    _EXPORT: {"met": (False, "* Timing was met\n"), "kind": ("timing", "== Vivado RTL Synthesis Results\n")},
}
