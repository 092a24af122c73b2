"""Results of CUDA are read in every form that programs print: sentence, name, number."""

from __future__ import annotations

import pytest

from setup_assistant.catalog import causes, cuda_results
from setup_assistant.choose.remedy_target import Situation
from setup_assistant.doctor.explain import explain

RAISED = 'Traceback (most recent call last):\n  File "/v/site-packages/torch/x.py", line 1, in f\n'


def told(text: str) -> str:
    return next((found.id for found in explain(text, Situation)), "")


@pytest.mark.parametrize(
    "text",
    [
        "RuntimeError: CUDA error: invalid resource handle",
        "torch.AcceleratorError: CUDA error: invalid resource handle",
        "CUDA failure 400: invalid resource handle ; GPU=0 ; file=a.cc",
        "  what():  [TM][ERROR] CUDA runtime error: invalid resource handle a.h:197",
        "RuntimeError: CUDA driver error: cuLaunchKernel failed: CUDA_ERROR_INVALID_HANDLE",
        "thrust::system::system_error: failed with cudaErrorInvalidResourceHandle in f.cu",
        "cudaErrorInvalidResourceHandle: invalid resource handle",
        "CUDA Error 400 at line 12 in file ops.cu",
        "cuEventRecord() returned 400",
        "Error invalid resource handle at line 218 in file /src/csrc/ops.cu",
    ],
)
def test_one_result_in_many_forms(text: str) -> None:
    assert told(RAISED + text) == "cuda-context"


@pytest.mark.parametrize(
    "text",
    [
        "    if (err == cudaErrorInvalidResourceHandle) return;\n",
        "    case CUDA_ERROR_INVALID_HANDLE: return error;\n",
        "cudaErrorInvalidValue = 1,\n    cudaErrorMemoryAllocation = 2,\n",
        "CUDA error 5 %\nCUDA Version 12.4\n",
        "Fixed an error in cuda 12.4\n",
    ],
)
def test_programs_and_lists_that_name_a_result_are_no_failure(text: str) -> None:
    assert told(f"torch and CUDA\n{text}") == ""


def test_an_earlier_error_outranks_that_cuda_was_closing() -> None:
    text = "CUDA error: driver shutting down\nCUDA error: invalid program counter\n"
    assert told(RAISED + text) == "illegal-memory"


@pytest.mark.parametrize("row", cuda_results.load().result, ids=lambda r: r.names[0])
def test_each_name_leads_to_a_cause(row: cuda_results.Result) -> None:
    for name in row.names:
        found = told(f"RuntimeError: CUDA call failed with {name}")
        # Rows of their own may know a name more exactly.
        assert found
        assert causes.known(found)
