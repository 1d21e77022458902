using System.Globalization;

namespace MedicineMan.Host.Secrets;

/// The page a person prints or puts into a safe: without it and without the key file, no stored secret can ever be opened again.
internal static class RecoveryKit
{
    public static string For(MasterKey key, string address, DateTimeOffset now) => $"""
        MEDICINE MAN RECOVERY KIT
        =========================

        Made:         {now.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC
        Installation: {address}
        Key id:       {key.Id}
        Fingerprint:  {key.Fingerprint}

        Master key:

            {key.ToText()}

        Password of every backup repository made here:

            {key.RecoveryPassword}

        What it is for
        This key opens every password, SSH key and repository key that Medicine Man keeps. It is not in the database and in no backup
        of it. Whoever has it and the database has everything; who has lost it has lost the stored credentials.

        How to keep it
        Print this page or store it in a password manager, away from the server. Then delete the downloaded file.

        How to use it
        1. Restore the database, or copy the data directory, to the new machine.
        2. Put the key into the file {KeyRing.FileName} in the data directory (mode 0600), or set {KeyRing.Variable} to it.
        3. Start Medicine Man. It compares the key with the data and names the key it misses if this is not the one.

        Without Medicine Man
        The repositories are in restic's format. With the password above, "restic -r <folder> snapshots", "restic check --read-data" and
        "restic restore" work on them; each snapshot says in medicineman.json what it holds.

        """;
}
