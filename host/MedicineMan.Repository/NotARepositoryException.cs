using MedicineMan.Sdk;

namespace MedicineMan.Repository;

/// <summary>There is no repository at a place: nothing was ever made there, or its config file is lost.</summary>
public sealed class NotARepositoryException : UserFacingException
{
    /// <summary>Names the place.</summary>
    public NotARepositoryException(string location)
        : base($"{location} is not a backup repository: it has no config file. Check the place, or make a repository there first.") => Permanent = true;
}
