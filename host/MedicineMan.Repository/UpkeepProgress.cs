namespace MedicineMan.Repository;

/// <summary>How far a long work on a repository is. Steps follow each other; within one, done grows to total.</summary>
/// <param name="Step">What is being done, for people.</param>
/// <param name="Done">Of this step.</param>
/// <param name="Total">Of this step; 0 while unknown.</param>
/// <param name="InBytes">True when both are bytes, false when they are things.</param>
public readonly record struct UpkeepProgress(string Step, long Done, long Total, bool InBytes);
