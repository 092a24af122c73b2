"""Load weights of 4 or 8 bits as their makers meant it; pasted into the scripts of a site too."""


def quantized_loading(folder, quantization, dtype):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Return what `from_pretrained` needs besides; the files of the model stay as they are.

    Args:
        folder: the model's folder.
        quantization: "nf4" to turn a 16-bit checkpoint into 4 bits; any other as its files say.
        dtype: what the kernels compute in.
    """
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder)
    said = getattr(config, "quantization_config", None)
    if quantization == "nf4" and said is None:
        # The vision tower and the head stay in 16 bits, as in the official 4-bit checkpoints.
        quantizer = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
            llm_int8_skip_modules=["visual", "model.visual", "lm_head"],
        )
        return {"quantization_config": quantizer}
    kept = said.get("modules_to_not_convert") if isinstance(said, dict) else None
    if not kept or int(transformers.__version__.split(".")[0]) < 5:
        return {}
    # Since transformers 5 these names count from the start of "model.visual...": as the files
    # have them, the vision tower would be made anew in 4 bits, and its weights dropped.
    more = [f"model.{name}" for name in kept if f"model.{name}" not in kept]
    said["modules_to_not_convert"] = [*kept, *more]
    return {"config": config}
