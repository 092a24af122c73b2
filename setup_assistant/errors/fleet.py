"""A room of machines: fleet and bundle."""

from __future__ import annotations

from setup_assistant.errors.kinds import ErrorKind, cannot, failed, partly, usage
from setup_assistant.messages import msg

ERRORS: dict[str, ErrorKind] = {
    # --- fleet ------------------------------------------------------------------------
    "engine_missing": failed(
        msg("Many machines at once need Ansible, which is not installed beside this tool."),
        msg("Install it with: {command}"),
    ),
    "inventory_invalid": usage(
        msg("The inventory {path} cannot be read: {detail}"),
        msg("Correct it; to see it as Ansible does: ansible-inventory -i {path} --list"),
    ),
    "inventory_vault": usage(
        msg("The inventory {path} holds a vault that cannot be opened: {detail}"),
        msg("Give its password with --vault-password-file FILE or --ask-vault-pass."),
    ),
    "inventory_foreign": usage(
        msg("{path} is a program that prints an inventory, and others could have written it."),
        msg("Look through it, then make it yours alone: chown $USER {path} && chmod o-w {path}"),
    ),
    "settings_invalid": usage(
        msg("Your Ansible settings in {path} cannot be used: {detail}"),
        msg(
            "Correct them; what runs a command, such as ProxyCommand, belongs into your "
            "~/.ssh/config, which counts here."
        ),
    ),
    "inventory_empty": usage(
        msg("No host in {path} is meant by {limit}."),
        msg("Check the names in the inventory and --limit."),
    ),
    "fleet_unfinished": partly(
        msg("Not done on {failed} of {total} hosts: {hosts}."),
        msg("Each has its reason and remedy in the table. Then: {command}"),
    ),
    "fleet_failed": failed(
        msg("None of the {total} hosts is done."),
        msg("Each has its reason and remedy in the table. Then: {command}"),
    ),
    "server_unknown": usage(
        msg("{host} is not among the selected hosts of {inventory}."),
        msg("Name one of them with --serve-from, and let --limit take it in."),
    ),
    "server_failed": failed(
        msg("{host} cannot serve the room: {detail}"),
        msg("{remedy} Or let this machine serve it: leave out --serve-from."),
    ),
    # --- bundle -----------------------------------------------------------------------
    "bundle_missing": failed(
        msg("The bundle is not whole: {path} is missing from {folder}."),
        msg("Copy it from where the bundle was made, or name every stick's folder."),
    ),
    "bundle_damaged": failed(
        msg("{path} is not the file that the bundle's manifest lists."),
        msg("Copy that file again from where the bundle was made. Nothing was installed."),
    ),
    "bundle_extra": failed(
        msg("{path} lies among the bundle's files, and its manifest does not list it."),
        msg("Remove that file, or copy the bundle again. Nothing was installed."),
    ),
    "bundle_foreign": usage(
        msg("{path} is there already, and not from a bundle: it would be overwritten."),
        msg("Name an empty folder, or one below it, with --to."),
    ),
    "bundle_file_too_large": cannot(
        msg("{path} has {size}, more than one file may have on the disk of {folder} (FAT32)."),
        msg("Make the bundle on another disk with --part-size 3900M, and copy its parts."),
    ),
    "bundle_invalid": failed(
        msg("{path} is not the manifest of a bundle: {detail}"),
        msg("Copy the bundle again from where it was made."),
    ),
    "bundle_signature": failed(
        msg("The signature in {path} is not one of this manifest by this key: {detail}"),
        msg("Do not use this bundle. Ask whoever made it for theirs, and for their public key."),
    ),
    "bundle_unsigned": failed(
        msg("The bundle could not be signed with {key}: {detail}"),
        msg("Name an SSH key of yours with --sign, or leave it out."),
    ),
    "bundle_unresolved": failed(
        msg("No set of wheels was found for {hosts}: {detail}"),
        msg("Leave these machines out, or give a mirror with --mirror."),
    ),
    "bundle_fetch": partly(
        msg("{url} could not be fetched: {detail}"),
        msg("Run the same command again: what arrived is kept."),
    ),
    "bundle_unfit": cannot(
        msg("The bundle has nothing for this machine, which needs {need}; it has: {have}."),
        msg("Make it again with this machine among those it is for: bundle create --machine."),
    ),
    "bundle_empty": cannot(
        msg("A bundle can be made for none of these machines: {detail}"),
        msg("Plan for one of them to see what it needs: setup-assistant plan --machine FILE"),
    ),
}
